"""What the board shows and does, on a true queue; and that a thousand jobs are listed quickly."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import gradio as gr
import pytest

from heygem.config.settings import load_settings
from heygem.config.strings import Translator
from heygem.domain.job import JobState, LipSyncRequest, NewJob
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.web.batch_board import JOBS_SHOWN, BatchBoard, BoardView
from heygem.web.labels import Labels
from heygem.web.session import BrowserSession
from tests.fakes import make_fake_queue

MANY: Final = 1000
LIST_S: Final = 0.2


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    queue = make_fake_queue(load_settings(paths={"data": tmp_path}))
    yield queue
    queue.database.close()


@pytest.fixture
def board(queue: JobQueue, tmp_path: Path) -> BatchBoard:
    library = Library(queue.database, tmp_path / "outputs", tmp_path / "cache")
    return BatchBoard(queue, library, Labels(Translator("zh")), BrowserSession.open("zh"))


def submit(queue: JobQueue, tmp_path: Path, count: int, owner: str = "me") -> str:
    def ask(number: int) -> NewJob:
        request = LipSyncRequest(tmp_path / f"p{number}.mp4", tmp_path / "v.wav", tmp_path / f"o{number}.mp4")
        return NewJob(request, owner)

    return queue.submit_batch("n", [ask(number) for number in range(count)], owner)


def act(board: BatchBoard, view: BoardView, action: str, key: str, owner: str = "me") -> BoardView:
    event = gr.EventData(None, {"action": action, "key": key, "checked": []})
    return board.act(event, owner, "zh", False, view)[2]


def order(value: Any) -> list[str]:
    return list(value["order"])


def test_a_thousand_jobs_are_listed_quickly(board: BatchBoard, queue: JobQueue, tmp_path: Path) -> None:
    batch = submit(queue, tmp_path, MANY)
    view = BoardView(limits={batch: MANY})
    took = []
    for _ in range(3):
        began = time.perf_counter()
        value, _, _ = board.view("me", "zh", False, view)
        took.append(time.perf_counter() - began)
    assert len(value["rows"]) == MANY + 1
    assert min(took) < LIST_S


def test_a_long_batch_is_shown_in_parts(board: BatchBoard, queue: JobQueue, tmp_path: Path) -> None:
    batch = submit(queue, tmp_path, JOBS_SHOWN + 30)
    value, _, view = board.view("me", "zh", False, BoardView())
    assert order(value)[-1] == f"more-{batch}"
    assert len(order(value)) == JOBS_SHOWN + 2
    view = act(board, view, f"more:{batch}", "")
    assert len(view.shown.order) == JOBS_SHOWN + 31


def test_nothing_is_sent_where_nothing_changed_and_the_timer_rests_at_the_end(
    board: BatchBoard, queue: JobQueue, tmp_path: Path
) -> None:
    batch = submit(queue, tmp_path, 2)
    _, timer, view = board.view("me", "zh", False, BoardView())
    assert timer["active"] is True
    value, _, view = board.view("me", "zh", False, view)
    assert "order" not in value  # gradio's word for nothing
    act(board, view, "cancel-batch", batch)
    value, timer, _ = board.view("me", "zh", False, view)
    assert batch in value["rows"] and timer["active"] is False


def test_a_batch_that_ends_stays_open_until_it_is_closed(board: BatchBoard, queue: JobQueue, tmp_path: Path) -> None:
    batch = submit(queue, tmp_path, 2)
    view = board.view("me", "zh", False, BoardView())[2]
    view = act(board, view, "cancel-batch", batch)
    assert len(view.shown.order) == 3
    view = act(board, view, "toggle", batch)
    assert view.shown.order == (batch,)
    assert len(board.view("me", "zh", False, BoardView())[2].shown.order) == 1
    assert len(act(board, view, "toggle", batch).shown.order) == 3


def test_what_is_not_ones_own_is_seen_and_not_touched(board: BatchBoard, queue: JobQueue, tmp_path: Path) -> None:
    batch = submit(queue, tmp_path, 1, owner="you")
    (job,) = queue.list_jobs(batch_id=batch)
    assert board.view("me", "zh", False, BoardView())[2].shown.order == ("none",)
    assert board.view("me", "zh", True, BoardView())[2].shown.order == (batch, job.job_id)
    for action, key in (("cancel", job.job_id), ("cancel-batch", batch), ("pause-batch", batch)):
        act(board, BoardView(), action, key)
    assert queue.get_status(job.job_id).state is JobState.QUEUED


def test_jobs_are_moved_paused_cancelled_and_tried_again(board: BatchBoard, queue: JobQueue, tmp_path: Path) -> None:
    batch = submit(queue, tmp_path, 3)
    first, second, third = (job.job_id for job in queue.list_jobs(batch_id=batch))
    view = act(board, BoardView(), "up", third)
    assert view.shown.order == (batch, first, third, second)
    view = act(board, view, "down", first)
    assert view.shown.order == (batch, third, first, second)
    for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("retry", "queued")):
        view = act(board, view, action, second)
        assert queue.get_status(second).state == state


def test_nonsense_from_a_browser_changes_nothing(board: BatchBoard, queue: JobQueue, tmp_path: Path) -> None:
    submit(queue, tmp_path, 1)
    view = board.view("me", "zh", False, BoardView())[2]
    for action, key in (("explode", ""), ("toggle", "x"), ("more:x", "")):
        assert act(board, view, action, key).shown == view.shown
    for action, key in (("cancel", "no such job"), ("pause-batch", "no such batch")):
        with pytest.warns(UserWarning, match=key):  # outside a page, gradio's toast is one
            assert act(board, view, action, key).shown == view.shown
    assert act(board, replace(view, opened=frozenset()), "", "").shown.order == view.shown.order
