"""How far a model has come, on the shell: a bar on a terminal, a few plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from heygem.config.strings import Translator
from heygem.domain.models import ModelProgress, TransferPhase
from heygem.downloads.progress_sum import ModelSink
from heygem.web.format import clock, size

LINE_EVERY_S: Final = 10.0
MOST_SOURCES: Final = 3


@contextmanager
def shown_model_progress(console: Console, say: Translator) -> Iterator[ModelSink]:
    """A sink that draws what it is told on `console`."""
    if not console.is_terminal:
        yield ModelLines(say, lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rest]}"))
    with Bars(*columns, console=console) as bars:
        yield ModelBars(say, bars)


class ProgressPace:
    """What is worth telling of a stream of events: each change of a model's phase, and one every `every_s` between."""

    def __init__(self, every_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._now = now
        self._last: tuple[str, TransferPhase] | None = None
        self._told_at = 0.0

    def is_due(self, progress: ModelProgress) -> bool:
        """Whether to tell it; where it is, it counts as told."""
        current, now = (progress.model, progress.phase), self._now()
        if current == self._last and now - self._told_at < self._every_s:
            return False
        self._last, self._told_at = current, now
        return True


class ModelBars:
    """One bar for each model."""

    def __init__(self, say: Translator, bars: Bars) -> None:
        self._say = say
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, progress: ModelProgress) -> None:
        if progress.model not in self._tasks:
            self._tasks[progress.model] = self._bars.add_task("", total=1.0, rest="")
        title = f"{progress.model} {self._say(f'transfer.{progress.phase}')}"
        rest = describe_progress(progress, self._say)
        self._bars.update(self._tasks[progress.model], description=title, completed=progress.share, rest=rest)


class ModelLines:
    """A line when a model's phase changes, and one every LINE_EVERY_S seconds between."""

    def __init__(
        self, say: Translator, write: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._write = write
        self._pace = ProgressPace(LINE_EVERY_S, now)

    def __call__(self, progress: ModelProgress) -> None:
        if self._pace.is_due(progress):
            title = f"{progress.model} {self._say(f'transfer.{progress.phase}')}"
            self._write(f"{title} {describe_progress(progress, self._say)}".rstrip())


def describe_progress(progress: ModelProgress, say: Translator) -> str:
    """`120.0 MB / 415.6 MB · 11.2 MB/s · about 0:27 left · huggingface.co 8`: a host, and its connections at work."""
    parts = [f"{size(progress.done_bytes)} / {size(progress.total_bytes)}"] if progress.total_bytes else []
    if progress.phase is not TransferPhase.DONE:
        if progress.speed > 0:
            parts.append(f"{size(round(progress.speed))}/s")
        if progress.eta_s is not None:
            parts.append(say("cli.eta", clock=clock(progress.eta_s)))
        at_work = progress.sources_at_work
        names = [f"{source.name} {source.connections}" for source in at_work[:MOST_SOURCES]]
        names += ["…"] if len(at_work) > MOST_SOURCES else []
        parts += [", ".join(names)] if names else []
    return " · ".join(parts)
