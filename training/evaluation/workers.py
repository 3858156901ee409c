"""The two processes that the measuring is spread over, and the models that each of them keeps loaded."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final, TypeVar

import torch

from heygem.domain.errors import HeyGemError
from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.face_tracker import FaceTrackerModels, load_face_tracker

CORES: Final = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """Processes of one thread each."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def map(self, measure: Callable[[Item], Result | None], items: Sequence[Item]) -> list[Result]:
        """What `measure`, a function that pickles, makes of each item; what it makes None of is left out."""
        return [result for result in self._pool.map(partial(_call, measure), items) if result is not None]


@contextmanager
def open_workers() -> Iterator[Workers]:
    with ProcessPoolExecutor(CORES, get_context("spawn"), _start) as pool:
        yield Workers(pool)


@cache
def get_engine(models: Path) -> EmbeddedEngine:
    """This process's engine with the weights in `models`, on the CPU."""
    return EmbeddedEngine.load(models, torch.device("cpu"))


@cache
def get_tracker(models: Path) -> FaceTrackerModels:
    """This process's face tracker, likewise."""
    return load_face_tracker(models, torch.device("cpu"))


def _call(measure: Callable[[Item], Result | None], item: Item) -> Result | None:
    try:
        return measure(item)
    except HeyGemError as error:  # it would not pickle
        raise RuntimeError(f"{error.code}: {error}") from None


def _start() -> None:
    torch.set_num_threads(1)
