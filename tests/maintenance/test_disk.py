from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heygem.domain.errors import DiskHighError
from heygem.domain.job import LipSyncRequest, NewJob
from heygem.jobs.queue import JobQueue
from heygem.library.retention import DiskFacts
from heygem.maintenance.disk_growth import MAX_BYTES, DiskHistory, DiskSample, find_full_at, find_growth
from heygem.maintenance.disk_guard import DiskGuard, DiskState
from heygem.storage.database import Database
from tests.fakes import fake_preflight

NOW: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
GB: Final = 10**9
GUARD: Final = DiskGuard(Path("/"), warn_share=0.8, refuse_share=0.9, reserve_bytes=GB)


@pytest.mark.parametrize(
    ("total_gb", "free_gb", "state"),
    [
        (100, 20.1, DiskState.OK),
        (100, 20, DiskState.WARN),
        (100, 10.1, DiskState.WARN),
        (100, 10, DiskState.FULL),
        (5, 0.99, DiskState.FULL),
        (4, 1, DiskState.OK),
    ],
)
def test_the_marks(total_gb: float, free_gb: float, state: DiskState):
    facts = DiskFacts(int(total_gb * GB), int(free_gb * GB))
    assert GUARD.judge(facts) is state


def test_a_folder_that_is_still_to_be_made_is_measured(tmp_path: Path):
    facts = DiskGuard(tmp_path / "a" / "b", 0.8, 0.9, 0).measure()
    assert 0 < facts.free_bytes < facts.total_bytes


def test_a_full_disk_takes_no_new_job_but_knows_the_old_ones(database: Database, tmp_path: Path):
    request = LipSyncRequest(tmp_path / "face.mp4", tmp_path / "voice.wav", tmp_path / "out.mp4")
    early = JobQueue(database, fake_preflight)
    job_id = early.submit(NewJob(request), key="once")
    guard = DiskGuard(tmp_path, 0.0, 1.0, reserve_bytes=10**18)
    queue = JobQueue(database, fake_preflight, check_room=guard.check_room)
    other = NewJob(LipSyncRequest(request.person, request.voice, tmp_path / "other.mp4"))
    with pytest.raises(DiskHighError) as caught:
        queue.submit(other)
    assert caught.value.context["reserve_mb"] == 10**12
    with pytest.raises(DiskHighError):
        queue.submit_batch("batch", [other], owner="")
    assert queue.submit(NewJob(request), key="once") == job_id
    assert [job.job_id for job in queue.list_jobs()] == [job_id]


def sample_hourly(days: float) -> list[DiskSample]:
    hours = range(int(days * 24))
    return [DiskSample(NOW - timedelta(hours=days * 24 - hour), int(GB * hour / 24)) for hour in hours]


def test_growth_is_measured_and_tells_the_day():
    assert find_growth(sample_hourly(0.9), NOW) is None
    growth = find_growth(sample_hourly(10), NOW)
    assert growth == pytest.approx(GB, rel=1e-6)
    full_at = find_full_at(growth, DiskFacts(100 * GB, 40 * GB), 0.9, NOW)
    assert full_at is not None and full_at - NOW == pytest.approx(30 * DAY, abs=timedelta(minutes=1))


def test_cleaning_each_night_shows_in_the_growth():
    """2 GB a day are made and 1.5 GB removed."""
    samples = [
        DiskSample(NOW - timedelta(hours=14 * 24 - hour), int(GB * (hour / 12 - 1.5 * (hour // 24))))
        for hour in range(14 * 24)
    ]
    assert find_growth(samples, NOW) == pytest.approx(0.5 * GB, rel=0.05)


@given(st.none() | st.floats(-1e15, 1e15), st.integers(0, 10**13), st.floats(0.5, 1))
def test_the_day_lies_ahead_or_is_not_told(growth: float | None, free_bytes: int, share: float):
    full_at = find_full_at(growth, DiskFacts(10**13, free_bytes), share, NOW)
    assert full_at is None or full_at >= NOW
    if growth is None or growth <= 0:
        assert full_at in (None, NOW)


def test_samples_survive_a_power_cut_and_do_not_pile_up(tmp_path: Path):
    history = DiskHistory(tmp_path / "data" / "disk.jsonl")
    assert history.read() == []
    history.add(NOW - DAY, DiskFacts(100, 60))
    with history.path.open("ab") as file:
        file.write(b'{"at": "2026-03-2\n\xff\n[1]\n{"at": "2026-03-29T00:00:00", "used_bytes": 1}\n')
    history.add(NOW, DiskFacts(100, 50))
    assert history.read() == [DiskSample(NOW - DAY, 40), DiskSample(NOW, 50)]
    with history.path.open("ab") as file:
        file.write(history.path.read_bytes().splitlines(keepends=True)[-1] * (MAX_BYTES // 60))
    history.add(NOW + DAY, DiskFacts(100, 40))
    assert history.path.stat().st_size < MAX_BYTES
    assert history.read()[-1] == DiskSample(NOW + DAY, 60)
