"""Runs the parts of one piece of work side by side, each in a thread that has its own share of torch's threads.

On few cores that is faster than one part after the other with all threads: no operation waits for its slowest thread.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST: Final = 4


class SideBySide:
    """`count` threads, at least one. They last as long as this object and end with the program."""

    def __init__(self, count: int, threads_each: int) -> None:
        self.count = count
        before = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="side-by-side")
        ready = threading.Barrier(count)

        def begin(_: int) -> None:
            torch.get_num_threads()  # a thread that asks first keeps what it is told next
            torch.set_num_threads(threads_each)
            ready.wait()

        list(self._pool.map(begin, range(count)))
        torch.set_num_threads(before)  # what other threads begin with

    @classmethod
    def on(cls, device: torch.device) -> "SideBySide":
        """On a CPU, up to four threads that share its cores; else two, one preparing while the other's work runs."""
        if device.type != "cpu":
            return cls(2, 1)
        threads = torch.get_num_threads()
        count = min(threads, _MOST)
        return cls(count, threads // count)

    def split(self, count: int) -> list[slice]:
        """`count` items in stretches of one length, the last perhaps shorter: at most one for each thread."""
        each = max(1, -(-count // self.count))
        return [slice(first, first + each) for first in range(0, count, each)]

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """`work` done on each of `items`, in their order; raises what the first of them raised."""
        return list(self._pool.map(work, items))
