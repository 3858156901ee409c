"""`prune`: removes the videos that are past their age, or says which it would remove."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from heygem.commands.frame import (
    LanguageOption,
    OutputDirOption,
    explained_errors,
    help_text,
    make_translator,
    prepare_settings,
)
from heygem.config.strings import Translator
from heygem.domain.library import OutputState
from heygem.library.retention import PlannedStep, StepAction

MB: Final = 1_000_000
WITH_FILES: Final = (OutputState.PRESENT, OutputState.TRASHED)


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help=help_text("cli.dry_run"))] = False,
    output_dir: OutputDirOption = None,
    language: LanguageOption = None,
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(output_dir=output_dir)
        from heygem.library.pruning import carry_out  # here, so that --help does without what reads videos
        from heygem.services import Services

        services = Services(settings)
        services.library.reconcile()
        steps = services.pruner.plan(datetime.now(UTC))
        leaving = [step for step in steps if step.action is not StepAction.KEEP]
        archived = [step for step in leaving if step.action in (StepAction.ARCHIVE, StepAction.RELEASE)]
        gone = [step for step in leaving if step.action in (StepAction.TRASH, StepAction.PURGE)]
        for step in leaving if dry_run else gone:
            print(describe_step(step, settings.paths.outputs.absolute(), say))
        with_files = (stock for stock in services.library.list_stock() if stock.state in WITH_FILES)
        kept = sum(stock.count for stock in with_files) - len(gone)
        if dry_run:
            purged = [step.record.size_bytes for step in gone if step.action is StepAction.PURGE]
            print(_sum_up("prune.planned", say, len(gone) - len(purged), len(purged), sum(purged), kept))
        else:
            report = carry_out(steps, services.library)
            print(_sum_up("prune.done", say, report.trashed, report.purged, report.freed_bytes, kept))
        if archived:
            print(say("prune.archive_waits", count=len(archived)))


def describe_step(step: PlannedStep, outputs: Path, say: Translator) -> str:
    """What becomes of the file, which, its size, and why: `to the trash  2026-03-29/a.mp4  1.5 MB  past …`."""
    assert step.due_at is not None
    name = step.record.path.relative_to(outputs).as_posix()
    since = step.due_at.astimezone().strftime("%Y-%m-%d %H:%M")
    size = f"{step.record.size_bytes / MB:.1f} MB"
    return "  ".join([say(f"prune.{step.action}"), name, size, say(f"prune.{step.reason}", since=since)])


def _sum_up(key: str, say: Translator, trashed: int, purged: int, freed_bytes: int, kept: int) -> str:
    return say(key, trashed=trashed, purged=purged, size_mb=f"{freed_bytes / MB:.1f}", kept=kept)
