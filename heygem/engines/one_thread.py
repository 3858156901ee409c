"""Keeps torch's work on one core where more of them would mostly wait for one another."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch uses one core for what the calling thread asks of it.

    For small networks and one picture: two cores gain nothing there, and where another program holds one of them,
    every operation waits until it lets go. Not to be held for long: threads that begin meanwhile begin with one core.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
