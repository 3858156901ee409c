"""Our downloads beside those of others: `python -m benchmarks.download [--quick] [--rounds 3] [--slow-rounds 3]`.

On this machine, from an nginx. First each connection gets 1 MB/s over a line with 50 ms in each direction; nginx gives
the first second's worth of each answer at once, to all alike. Then without any limit, for the work that it is. Then
from two sources, one of which is killed half-way. Times are those of the whole program, its start included.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.web_server import nginx

RATE: Final = 1_000_000
DELAY_MS: Final = 50
MEGABYTE: Final = 10**6
NAME: Final = "model.bin"
HUB: Final = """
import sys
from huggingface_hub import hf_hub_download
hf_hub_download("owner/repo", sys.argv[1], local_dir=sys.argv[2])
"""


@dataclass(frozen=True)
class Sample:
    wall_s: float
    user_s: float
    system_s: float
    stdout: str = ""

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


@dataclass(frozen=True)
class File:
    path: Path
    size: int
    sha256: str


def make_file(folder: Path, size: int) -> File:
    path, digest = folder / NAME, hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(0, size, MEGABYTE):
            block = os.urandom(min(MEGABYTE, size))
            file.write(block)
            digest.update(block)
    return File(path, size, digest.hexdigest())


def run(command: list[str], home: Path, environment: Mapping[str, str] | None = None) -> Sample:
    """The command's time and work. Raises CalledProcessError where it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=home, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    wall_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return Sample(wall_s, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime, done.stdout)


def ours(file: File, home: Path, *servers: str) -> Sample:
    urls = [f"{server}/{NAME}" for server in servers]
    root = str(Path(__file__).parents[1])
    command = [sys.executable, "-m", "benchmarks.fetch", str(file.size), file.sha256, str(home / NAME), *urls]
    return run(command, home, {"PYTHONPATH": root})


def aria2(home: Path, server: str, *more: str) -> Sample:
    return run(["aria2c", "-q", "-x16", "-s16", *more, "-o", NAME, f"{server}/{NAME}"], home)


def checked(file: File) -> str:
    return f"--checksum=sha-256={file.sha256}"


def others(home: Path, server: str) -> dict[str, Callable[[], Sample]]:
    hub = {"HF_ENDPOINT": server, "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HOME": str(home / "hub")}
    return {
        "wget": lambda: run(["wget", "-q", "-O", NAME, f"{server}/{NAME}"], home),
        "curl": lambda: run(["curl", "-sf", "-o", NAME, f"{server}/{NAME}"], home),
        "huggingface_hub": lambda: run([sys.executable, "-c", HUB, NAME, str(home)], home, hub),
    }


def fresh(work: Callable[[], Sample], file: File, home: Path) -> Sample:
    """`work` in an empty folder; what it brings must be the file."""
    sample = work()
    with (home / NAME).open("rb") as got:
        assert hashlib.file_digest(got, "sha256").hexdigest() == file.sha256
    subprocess.run(["find", str(home), "-mindepth", "1", "-delete"], check=True)
    return sample


def compare(ways: Mapping[str, Callable[[], Sample]], rounds: Mapping[str, int], file: File, home: Path) -> None:
    """All ways in turn, round after round."""
    samples: dict[str, list[Sample]] = {name: [] for name in ways}
    for number in range(max(rounds.values())):
        for name, work in ways.items():
            if number < rounds[name]:
                samples[name].append(fresh(work, file, home))
                inner = samples[name][-1].stdout.partition("\n")[0] if name.startswith("HeyGem") else ""
                within = f" ({inner} s from when it runs)" if inner else ""
                print(f"  round {number + 1}, {name}: {samples[name][-1].wall_s:.2f} s{within}", flush=True)
    gigabytes = file.size / 1e9
    print(f"  {'':24}{'time':>9}{'each round':>26}{'CPU per GB':>12}")
    for name, each in samples.items():
        times = " ".join(f"{sample.wall_s:.2f}" for sample in each)
        cpu_s = median(sample.cpu_s for sample in each) / gigabytes
        print(f"  {name:24}{median(sample.wall_s for sample in each):8.2f} s{times:>26}{cpu_s:10.2f} s", flush=True)


def limited(file: File, home: Path, rounds: int, slow_rounds: int) -> None:
    print(f"{file.size // MEGABYTE} MB, {RATE // MEGABYTE} MB/s a connection, {DELAY_MS} ms each way")
    with nginx(file.path.parent, RATE, DELAY_MS) as (server, _):
        ways = {
            "HeyGem": lambda: ours(file, home, server),
            "aria2c -x16 -s16": lambda: aria2(home, server),
            "aria2c -x16 -s16 -k1M": lambda: aria2(home, server, "-k1M"),
        }
        slow = others(home, server) if slow_rounds else {}
        compare({**ways, **slow}, dict.fromkeys(ways, rounds) | dict.fromkeys(slow, slow_rounds), file, home)


def unlimited(file: File, home: Path, rounds: int) -> None:
    print(f"{file.size // MEGABYTE} MB without a limit")
    with nginx(file.path.parent, 0) as (server, _):
        ways = {
            "HeyGem (with SHA-256)": lambda: ours(file, home, server),
            "aria2c, with SHA-256": lambda: aria2(home, server, "-k1M", checked(file)),
            "aria2c, unchecked": lambda: aria2(home, server, "-k1M"),
        }
        compare(ways, dict.fromkeys(ways, rounds), file, home)


def dying(file: File, home: Path, rounds: int) -> None:
    """The better source gives its share as fast as it would without the other, and the other's death costs nothing."""
    print("Two sources, one of which is killed half-way")
    for _ in range(rounds):
        with nginx(file.path.parent, RATE, DELAY_MS) as (good, _):
            alone = fresh(lambda: ours(file, home, good), file, home)
            with nginx(file.path.parent, RATE, DELAY_MS) as (bad, processes):
                killer = threading.Timer(alone.wall_s / 4, kill, [processes])
                killer.start()
                both = fresh(lambda: ours(file, home, good, bad), file, home)
                killer.join()
        shares = [int(line.split()[0]) for line in both.stdout.splitlines()[1:]]
        needed_s = alone.wall_s * shares[0] / file.size
        print(
            f"  {both.wall_s:.2f} s; the better gave {shares[0] / MEGABYTE:.0f} MB, for which it alone needs"
            f" {needed_s:.2f} s: {both.wall_s / needed_s:.2f} times as long",
            flush=True,
        )


def kill(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="40 MB in place of 200, and 300 in place of 1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow-rounds", type=int, default=3, help="of those with one connection: minutes each")
    parser.add_argument("--only", choices=["limited", "unlimited", "dying"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, served, large = (Path(folder) / name for name in ("home", "served", "large"))
        for each in (home, served, large):
            each.mkdir()
        file = make_file(served, (40 if arguments.quick else 200) * MEGABYTE)
        if arguments.only in (None, "limited"):
            limited(file, home, arguments.rounds, arguments.slow_rounds)
        if arguments.only in (None, "dying"):
            dying(file, home, arguments.rounds)
        if arguments.only in (None, "unlimited"):
            unlimited(make_file(large, (300 if arguments.quick else 1000) * MEGABYTE), home, arguments.rounds)


if __name__ == "__main__":
    main()
