"""`batch`: many videos from one or several voices, on the shell, by the same queue as the page's."""

import getpass
import subprocess
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from heygem.commands.batch_view import BatchView, describe_failure
from heygem.commands.frame import (
    EngineOption,
    LanguageOption,
    ModelPathOption,
    OutputDirOption,
    OwnerOption,
    UnverifiedOption,
    explained_errors,
    help_text,
    make_translator,
    prepare_settings,
)
from heygem.commands.signals import cancelled_by_signals
from heygem.config.settings import ROOT
from heygem.config.strings import Translator
from heygem.domain.errors import CancelledError
from heygem.domain.inspection import MediaKind
from heygem.domain.job import FaceChoice, JobState
from heygem.domain.progress import CancelToken
from heygem.domain.queue import DraftItem
from heygem.engines.model_files import check_engine
from heygem.jobs.batch_plan import check_complete, list_items, plan_jobs
from heygem.jobs.batch_sources import TABLE_SUFFIX, BatchRow, list_people, read_batch_csv

if TYPE_CHECKING:
    from heygem.services import Services

POLL_S: Final = 0.5


class OnInterrupt(StrEnum):
    """What Ctrl-C does: leave the batch to the worker, or cancel it."""

    DETACH = "detach"
    CANCEL = "cancel"


def batch(
    videos: Annotated[list[Path], typer.Option("--videos", "-v", readable=False, help=help_text("cli.videos"))],
    voice: Annotated[
        list[Path] | None, typer.Option("--voice", "-a", readable=False, help=help_text("cli.voice"))
    ] = None,
    name: Annotated[str, typer.Option(help=help_text("cli.batch_name"))] = "",
    project: Annotated[str, typer.Option(help=help_text("cli.project"))] = "",
    face: Annotated[str, typer.Option(help=help_text("cli.face"))] = "largest",
    engine: EngineOption = None,
    priority: Annotated[int, typer.Option(min=-100, max=100, help=help_text("cli.priority"))] = 0,
    on_interrupt: Annotated[OnInterrupt, typer.Option(help=help_text("cli.on_interrupt"))] = OnInterrupt.DETACH,
    detach: Annotated[bool, typer.Option("--detach", help=help_text("cli.detach"))] = False,
    allow_unverified: UnverifiedOption = None,
    owner: OwnerOption = None,
    output_dir: OutputDirOption = None,
    model_path: ModelPathOption = None,
    language: LanguageOption = None,
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(
            output_dir=output_dir, model_path=model_path, allow_unverified=allow_unverified, owner=owner
        )
        items = [DraftItem("", MediaKind.VOICE, path.absolute()) for path in voice or []]
        items += list_items(row for source in videos for row in list_rows(source))
        check_complete(items, say)
        from heygem.services import Services  # here, so that --help does without the database

        services, asker = Services(settings), f"shell:{getpass.getuser()}"
        chosen = check_engine(settings.paths.models, engine or settings.engine)
        jobs = plan_jobs(items, FaceChoice.parse(face), services.namer, asker, project, priority, engine=chosen)
        title = name or videos[0].resolve().stem
        batch_id = services.queue.submit_batch(title, jobs, asker, project)
        print(say("cli.batch_queued", count=len(jobs), batch=batch_id), flush=True)
        helper = Helper(services)
        helper.ensure()
        if not detach:
            follow(services, helper, batch_id, on_interrupt, say)


def list_rows(source: Path) -> list[BatchRow]:
    """The people that `source` names: a folder's media, a CSV's rows, or one file. Raises InputError."""
    if source.suffix.lower() == TABLE_SUFFIX:
        return read_batch_csv(source)
    people = list_people(source) if source.is_dir() else [source]
    return [BatchRow(person.absolute()) for person in people]


class Helper:
    """The worker that a batch needs where nobody works for the queue: it outlives this command and ends when the
    queue is empty.
    """

    def __init__(self, services: "Services") -> None:
        self._services = services
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Starts it, unless somebody supervises workers on this machine or it is on its way to that."""
        if self._process is not None and self._process.poll() is None:
            return
        if not self._services.supervisor.is_needed():
            return
        paths = self._services.settings.paths
        command = [sys.executable, str(ROOT / "app.py"), "worker", "--until-idle"]
        command += ["--output-dir", str(paths.outputs), "--model-path", str(paths.models)]
        command += ["--allow-unverified"] * self._services.settings.allow_unverified
        with (paths.logs / "batch-worker.log").open("ab") as sink:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
            )


def follow(services: "Services", helper: Helper, batch_id: str, on_interrupt: OnInterrupt, say: Translator) -> None:
    """Shows the batch until its end. Ends the command by status 1 where something failed, by 130 after Ctrl-C."""
    queue, interrupted = services.queue, CancelToken()
    with cancelled_by_signals(interrupted), BatchView(Console(stderr=True), say) as view:
        while not (batch := queue.get_batch(batch_id)).is_final:
            view.show(batch, queue.list_jobs(batch_id=batch_id, states=[JobState.RUNNING]))
            if interrupted.is_cancelled:
                if on_interrupt is OnInterrupt.DETACH:
                    print(say("cli.detached", batch=batch_id), file=sys.stderr)
                    raise typer.Exit(CancelledError.exit_status)
                queue.cancel_batch(batch_id)
            threading.Event().wait(POLL_S)
            helper.ensure()
        view.show(batch, [])
    _report(services, batch_id, say)
    if interrupted.is_cancelled:
        raise CancelledError()
    if batch.counts.get(JobState.FAILED):
        raise typer.Exit(1)


def _report(services: "Services", batch_id: str, say: Translator) -> None:
    """The outputs on stdout, a line each, in the batch's order; what failed, with its reason, on stderr."""
    for job in services.queue.list_jobs(batch_id=batch_id, limit=10**6):
        if job.result is not None:
            print(job.result.path)
        elif job.error is not None and job.state is JobState.FAILED:
            print(describe_failure(job, say), file=sys.stderr)
