"""`archive`: copies what is due to the archive now, or says what it would copy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from heygem.commands.frame import (
    LanguageOption,
    OutputDirOption,
    explained_errors,
    help_text,
    make_translator,
    prepare_settings,
)
from heygem.commands.prune import describe_step
from heygem.commands.signals import cancelled_by_signals
from heygem.config.strings import Translator
from heygem.domain.archive_errors import ArchiveUnsetError
from heygem.domain.progress import CancelToken
from heygem.library.retention import StepAction

if TYPE_CHECKING:
    from heygem.library.archiver import ArchiveProgress

MB: Final = 1_000_000


def archive(
    dry_run: Annotated[bool, typer.Option("--dry-run", help=help_text("cli.archive_dry_run"))] = False,
    output_dir: OutputDirOption = None,
    language: LanguageOption = None,
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(output_dir=output_dir)
        from heygem.services import Services  # here, so that --help does without what reads videos

        services = Services(settings)
        archiving = services.archiving
        if archiving is None:
            raise ArchiveUnsetError()
        services.library.reconcile()
        if dry_run:
            steps = archiving.plan(datetime.now(UTC))
            for step in steps:
                print(describe_step(step, settings.paths.outputs.absolute(), say))
            copies = [step.record.size_bytes for step in steps if step.action is StepAction.ARCHIVE]
            print(say("archiving.planned", count=len(copies), size_mb=f"{sum(copies) / MB:.1f}"))
            return
        token = CancelToken()
        with cancelled_by_signals(token), shown_copies(Console(), say) as report:
            done = archiving.carry_out(datetime.now(UTC), token, report)
        freed_mb = f"{done.freed_bytes / MB:.1f}"
        print(say("archiving.done", count=done.archived, released=done.released, size_mb=freed_mb))
        done.check()


@contextmanager
def shown_copies(console: Console, say: Translator) -> "Iterator[Callable[[ArchiveProgress], None]]":
    """A bar for each video on a terminal, a line for each elsewhere."""
    if not console.is_terminal:
        yield lambda progress: print(describe_copy(progress, say), flush=True) if not progress.done_bytes else None
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Bars(*columns, console=console) as bars:
        task = bars.add_task("", visible=False)

        def show(progress: "ArchiveProgress") -> None:
            if not progress.done_bytes:
                bars.reset(task, description=describe_copy(progress, say), total=progress.total_bytes, visible=True)
            bars.update(task, completed=progress.done_bytes)

        yield show


def describe_copy(progress: "ArchiveProgress", say: Translator) -> str:
    name, size_mb = progress.record.path.name, f"{progress.record.size_bytes / MB:.1f}"
    return say("archiving.copying", number=progress.number, name=name, size_mb=size_mb)
