"""Shows a batch on the shell: one bar on a terminal, a few plain lines elsewhere."""

import time
from collections.abc import Callable, Sequence
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from heygem.commands.progress import format_clock
from heygem.config.strings import Translator
from heygem.domain.job import JobState, JobStatus
from heygem.domain.queue import BatchStatus

LINE_EVERY_S: Final = 10.0


class BatchView:
    """A context; `show` may be called as often as one likes."""

    def __init__(self, console: Console, say: Translator, now: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._say = say
        self._now = now
        self._bars = Bars(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rest]}"), console=console
        )
        self._task: TaskID | None = None
        self._last = ""
        self._written_at = -LINE_EVERY_S

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._task = self._bars.add_task("", total=1.0, rest="")
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._task is not None:
            self._bars.stop()

    def show(self, batch: BatchStatus, running: Sequence[JobStatus]) -> None:
        title, rest = describe_batch(batch, running, self._say)
        if self._task is not None:
            self._bars.update(self._task, description=title, completed=batch.share, rest=rest)
        elif title != self._last or self._now() - self._written_at >= LINE_EVERY_S:
            self._last, self._written_at = title, self._now()
            self._console.print(f"{title} {rest}".rstrip(), markup=False, highlight=False, soft_wrap=True)


def describe_batch(batch: BatchStatus, running: Sequence[JobStatus], say: Translator) -> tuple[str, str]:
    """`3/10 小红.mp4`, and how far the whole is."""
    names = ", ".join(job.request.person.name for job in running) or batch.current
    title = f"{batch.ended}/{batch.total} {names}".rstrip()
    failed = batch.counts.get(JobState.FAILED, 0)
    rest = [f"{100 * batch.share:.0f}%"]
    if batch.eta_s is not None and not batch.is_final:
        rest.append(say("cli.eta", clock=format_clock(batch.eta_s)))
    if failed:
        rest.append(say("cli.failed_count", count=failed))
    return title, " · ".join(rest)


def describe_failure(job: JobStatus, say: Translator) -> str:
    reason = say.explain(job.error) if job.error else ""
    return f"{job.request.person.name} + {job.request.voice.name}: {reason}"
