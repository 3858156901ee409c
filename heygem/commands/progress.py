"""Shows a job's progress on the shell: a bar per stage on a terminal, a few plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from heygem.config.strings import Translator
from heygem.domain.progress import Progress, ProgressSink, Stage

LINE_EVERY_S: Final = 10.0


def format_clock(seconds: float) -> str:
    """`M:SS`, with hours where there are any."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


@contextmanager
def shown_progress(console: Console, say: Translator) -> Iterator[ProgressSink]:
    """A sink that draws what it is told on `console`."""
    if not console.is_terminal:
        yield LineSink(say, lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
        return
    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[eta]}"),
        console=console,
    ) as bars:
        yield BarSink(say, bars)


class BarSink:
    """One bar per stage; the stage at work shows when the whole job will be done."""

    def __init__(self, say: Translator, bars: Bars) -> None:
        self._say = say
        self._bars = bars
        self._tasks: dict[Stage, TaskID] = {}

    def __call__(self, progress: Progress) -> None:
        if progress.stage not in self._tasks:
            for task in self._tasks.values():
                self._bars.update(task, eta="")
            title = self._say(f"stage.{progress.stage}")
            self._tasks[progress.stage] = self._bars.add_task(title, total=progress.total, eta="")
        task = self._tasks[progress.stage]
        self._bars.update(task, completed=progress.done, total=progress.total, eta=describe_eta(progress, self._say))


class LineSink:
    """A line when a stage begins or ends, and one every LINE_EVERY_S seconds between."""

    def __init__(
        self, say: Translator, write: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._write = write
        self._now = now
        self._stage: Stage | None = None
        self._is_ended = False
        self._written_at = 0.0

    def __call__(self, progress: Progress) -> None:
        is_new = progress.stage is not self._stage
        ends = progress.done >= progress.total
        is_due = self._now() - self._written_at >= LINE_EVERY_S
        if not (is_new or is_due or ends) or (self._is_ended and not is_new):
            return
        self._stage, self._is_ended, self._written_at = progress.stage, ends, self._now()
        title = self._say(f"stage.{progress.stage}")
        self._write(f"{title} {progress.done}/{progress.total} {describe_eta(progress, self._say)}".rstrip())


def describe_eta(progress: Progress, say: Translator) -> str:
    """How long the whole job still takes; empty where nobody knows yet."""
    return "" if progress.eta_s is None else say("cli.eta", clock=format_clock(progress.eta_s))
