import threading

import pytest
import torch

from heygem.engines.side_by_side import SideBySide


def test_results_come_in_order_from_threads_with_their_own_share() -> None:
    before = torch.get_num_threads()
    workers = SideBySide(2, 1)
    together = threading.Barrier(2)

    def work(item: int) -> tuple[int, int]:
        together.wait(timeout=10)  # both run at once
        return item, torch.get_num_threads()

    assert workers.map(work, [4, 5, 6, 7]) == [(4, 1), (5, 1), (6, 1), (7, 1)]
    assert torch.get_num_threads() == before


def test_an_error_is_raised_where_the_work_was_asked_for() -> None:
    with pytest.raises(ZeroDivisionError):
        SideBySide(2, 1).map(lambda item: 1 // item, [1, 0])


def test_a_thread_that_comes_later_has_all_threads() -> None:
    before = torch.get_num_threads()
    SideBySide(2, 1)
    seen: list[int] = []
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert seen == [before]
