"""Many short jobs through the real queue, workers and housekeeping: `python -m benchmarks.soak [--jobs 500]`.

Twenty jobs make a day: uploads come as the page brings them, the real engine makes videos of half a second, one job a
day fails, and the history shows what is new. Then house is kept, and everything becomes a day older: each file, and
each row of videos and jobs. Disk use and memory are told for each day; in the second half they must not have grown.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Final

from sqlalchemy import select, update

from benchmarks.child import tree_bytes
from heygem.commands.generate import DEMO_PERSON, DEMO_VOICE, find_packaged
from heygem.config.logs import set_up_logs
from heygem.config.settings import Settings, load_settings
from heygem.domain.job import FaceChoice, JobState, NewJob
from heygem.domain.library import OutputState
from heygem.domain.output_query import OutputQuery
from heygem.jobs.batch_plan import plan_request
from heygem.jobs.inputs import InputStore
from heygem.media.ffmpeg_binary import find_ffmpeg
from heygem.services import Services
from heygem.storage.columns import Utc
from heygem.storage.tables import batches, inspections, jobs, outputs

MB: Final = 1_000_000
DAY: Final = timedelta(days=1)
DAY_JOBS: Final = 20
SIDE_PX: Final = 256
VOICE_S: Final = 0.5
PLACES: Final = ("outputs", "cache", "data", "logs", "temp")
GROWTH: Final = 0.05  # of disk or memory, from the third quarter to the fourth
SLACK_BYTES: Final = MB  # or so much, whichever is more


@dataclass(frozen=True)
class Sample:
    """How things stand at the end of a day: bytes by place, those of all processes in memory, and what was made."""

    day: int
    places: dict[str, int]
    memory_bytes: int
    made: int
    failed: int

    @property
    def disk_bytes(self) -> int:
        return sum(self.places.values())


@dataclass
class Soak:
    """Over `services`, whose folders all lie in `home`. `finish` returns once every job has ended."""

    services: Services
    home: Path
    person: Path
    voice: Path
    finish: Callable[[], None]
    samples: list[Sample] = field(default_factory=list)

    def run_day(self, count: int) -> Sample:
        """`count` jobs, the last of which fails; then the housekeeping, and the night."""
        voices = [*[self.voice] * (count - 1), self._broken()]
        submitted = [self._submit(number, voice) for number, voice in enumerate(voices)]
        self.finish()
        self._look_at_history(count)
        self.keep_house()
        states = [self.services.queue.get_status(job_id).state for job_id in submitted]
        self.samples.append(
            Sample(
                day=len(self.samples) + 1,
                places={place: measure_bytes(self.home / place) for place in PLACES},
                memory_bytes=tree_bytes(os.getpid()),
                made=states.count(JobState.SUCCEEDED),
                failed=states.count(JobState.FAILED),
            )
        )
        grow_older(self.services, self.home)
        return self.samples[-1]

    def keep_house(self) -> None:
        for maintenance in (self.services.maintenance, self.services.upkeep):
            for task in maintenance.tasks:
                maintenance.do(task)

    def _submit(self, number: int, voice: Path) -> str:
        """As the page does: two uploads come into its cache, the job takes them over."""
        store, namer = InputStore(self.services.settings.paths.outputs.absolute()), self.services.namer
        person, voice = (store.adopt(self._upload(path, number)) for path in (self.person, voice))
        now = datetime.now().astimezone()
        request = plan_request(namer, person, voice, FaceChoice(), now, signature=f"team {number % 3}")
        return self.services.queue.submit(NewJob(request, owner="soak", project=f"project {number % 4}"))

    def _upload(self, path: Path, number: int) -> Path:
        """A copy with a content of its own, so that no cache knows it yet."""
        folder = self.services.settings.paths.cache / "uploads" / os.urandom(16).hex()
        folder.mkdir(parents=True)
        copy = Path(shutil.copy(path, folder / f"{number}{path.suffix}"))
        with copy.open("ab") as file:
            file.write(os.urandom(16))  # readers of pictures and sound pass over what comes after the end
        return copy

    def _broken(self) -> Path:
        path = self.home / "broken.wav"
        path.write_bytes(b"no sound at all")
        return path

    def _look_at_history(self, count: int) -> None:
        library = self.services.library
        for record in library.search(OutputQuery(limit=count)).records:
            library.thumbnail(record.output_id)


def grow_older(services: Services, home: Path) -> None:
    """By a day: every file, and every time in the rows of videos, jobs and what was found out about their files."""
    for path in list_paths(home):
        with_night = path.lstat().st_mtime_ns - int(DAY.total_seconds() * 10**9)
        os.utime(path, ns=(with_night, with_night), follow_symlinks=False)
    with services.database.write() as connection:
        for table in (outputs, jobs, batches, inspections):
            (key,) = table.primary_key
            for row in connection.execute(select(table)).all():
                times = {name.name: row._mapping[name.name] for name in table.c if isinstance(name.type, Utc)}
                older = {name: when - DAY for name, when in times.items() if when is not None}
                connection.execute(update(table).where(key == row._mapping[key.name]).values(older))


def list_paths(folder: Path) -> Iterator[Path]:
    """Everything below it, what is inside a folder before the folder."""
    for parent, _, names in os.walk(folder, topdown=False):
        yield from (Path(parent) / name for name in names)
        yield Path(parent)


def measure_bytes(folder: Path) -> int:
    """Of the files below it, each once by however many names; without SQLite's own journal, which it bounds itself."""
    sizes = {}
    for path in list_paths(folder):
        status = path.lstat()
        if not path.is_dir() and not path.name.endswith("-wal"):
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def find_growth(values: Sequence[int]) -> int:
    """From the third quarter's mean to the fourth's."""
    quarter = len(values) // 4
    return round(fmean(values[-quarter:]) - fmean(values[-2 * quarter : -quarter]))


def is_flat(values: Sequence[int]) -> bool:
    return find_growth(values) <= max(SLACK_BYTES, GROWTH * fmean(values[-(len(values) // 4) :]))


def describe(sample: Sample) -> str:
    places = "  ".join(f"{place} {size / MB:7.2f}" for place, size in sample.places.items())
    return (
        f"day {sample.day:3}  {places}  disk {sample.disk_bytes / MB:7.2f} MB"
        f"  memory {sample.memory_bytes / MB:6.0f} MB  made {sample.made}  failed {sample.failed}"
    )


def make_inputs(home: Path) -> tuple[Path, Path]:
    """A small photo of a face and half a second of speech, of files that come with installed packages."""
    person, voice = home / "person.jpg", home / "voice.wav"
    ffmpeg = [str(find_ffmpeg()), "-v", "error", "-y"]
    scale = ["-vf", f"scale={SIDE_PX}:{SIDE_PX}"]
    subprocess.run([*ffmpeg, "-i", str(find_packaged(*DEMO_PERSON)), *scale, str(person)], check=True)
    cut = ["-ss", "1", "-t", str(VOICE_S), "-ac", "1", "-ar", "16000"]
    subprocess.run([*ffmpeg, "-i", str(find_packaged(*DEMO_VOICE)), *cut, str(voice)], check=True)
    return person, voice


def make_settings(home: Path) -> Settings:
    """Videos are kept for three days, as tests are, then for three in the trash, jobs for five; caches are small."""
    os.environ["TMPDIR"] = str(home / "temp")  # of the workers
    tempfile.tempdir = str(home / "temp")
    for place in (*PLACES, "inputs"):
        (home / place).mkdir()
    return load_settings(
        paths={place: home / place for place in ("outputs", "cache", "data", "logs", "inputs")},
        retention={"default_kind": "test"},
        logs={"rotate_mb": 0.05, "kept": 3, "total_mb": 1},
        limits={"track_cache_mb": 1},
        queue={"keep_days": 5},
        disk={"warn_percent": 100, "refuse_percent": 100},
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=500)
    days = parser.parse_args().jobs // DAY_JOBS
    with tempfile.TemporaryDirectory(prefix="heygem-soak-") as name:
        home = Path(name)
        services = Services(make_settings(home))
        set_up_logs(services.settings.paths.logs)
        began = time.monotonic()

        def finish() -> None:
            while not services.queue.is_idle():
                time.sleep(0.2)

        with services.working():
            soak = Soak(services, home, *make_inputs(home), finish)
            for _ in range(days):
                print(describe(soak.run_day(DAY_JOBS)), flush=True)
            kept = services.library.search(OutputQuery(state=OutputState.PRESENT)).total
        took = time.monotonic() - began
        print(f"{days * DAY_JOBS} jobs in {took / 60:.1f} min, {kept} videos kept; first, middle and last day:")
        for sample in (soak.samples[0], soak.samples[days // 2], soak.samples[-1]):
            print(describe(sample))
        disk, memory = [s.disk_bytes for s in soak.samples], [s.memory_bytes for s in soak.samples]
        print(f"from the third quarter to the last: disk {find_growth(disk):+d} bytes, memory {find_growth(memory):+d}")
        sys.exit(0 if is_flat(disk) and is_flat(memory) else "it is not flat")


if __name__ == "__main__":
    main()
