"""A library of 100,000 videos: `python -m benchmarks.library [--url URL] [--outputs 100000]`.

The rows are written in bulk, on a new SQLite file by default: what is past its age has been pinned, but for a few that
are due. Measured is what the server takes for a page, a search and a filter as the history page asks for them, for the
plan of retention, and for reconciling rows and files; beside them what `find -mtime +7` takes over the same tree of
files, empty all of them.
"""

import argparse
import os
import random
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import insert, text

from heygem.domain.library import OutputKind, OutputState
from heygem.domain.output_query import OutputOrder, OutputQuery, UsageBy
from heygem.library.catalogue import Library
from heygem.library.records import with_search_text
from heygem.library.retention import PlannedStep, RetentionRules, plan_retention
from heygem.storage.database import Database
from heygem.storage.tables import outputs

ROUNDS: Final = 9
BULK: Final = 5000
DAY_OUTPUTS: Final = 20
TEAMS: Final = ("marketing", "销售部", "培训", "HR")
TOPICS: Final = ("季度汇报", "product launch", "新员工培训", "安全须知", "weekly update", "客户案例")
DUE_EVERY: Final = 1000
RULES: Final = RetentionRules({OutputKind.TEST: 3.0, OutputKind.STANDARD: 7.0, OutputKind.IMPORTANT: 30.0})


def make_rows(count: int, now: datetime) -> Iterator[dict[str, Any]]:
    """Twenty a day, the newest made just now."""
    chance = random.Random(7)
    for number in range(count):
        made = now - timedelta(days=1 / DAY_OUTPUTS * number)
        team, topic, kind = chance.choice(TEAMS), chance.choice(TOPICS), chance.choice(list(OutputKind))
        is_old = now - made > timedelta(days=RULES.ages_days.get(kind) or 0)
        title = f"{team}_{topic}_v{number}"
        yield with_search_text(
            {
                "output_id": uuid.UUID(int=chance.getrandbits(128)).hex,
                "name": f"{made:%Y-%m-%d}/{team}/{title}.mp4",
                "owner": f"{team}{chance.randrange(20)}",
                "project": f"project {chance.randrange(40)}",
                "title": title,
                "tags": ["draft"] if number % 3 else [],
                "kind": OutputKind.PINNED if is_old and number % DUE_EVERY else kind,
                "state": OutputState.PRESENT,
                "size_bytes": 0,
                "duration_s": chance.uniform(5, 600),
                "width": 1920,
                "height": 1080,
                "created_at": made,
                "used_at": made,
                "person": f"人物 {number % 97}.mp4",
                "voice": f"voice {number % 89}.wav",
                "problems": [],
            }
        )


def insert_rows(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """Into the table of outputs; afterwards the database knows how much lies in each of its tables."""
    for start in range(0, len(rows), BULK):
        with database.write() as connection:
            connection.execute(insert(outputs), rows[start : start + BULK])
    if database.engine.dialect.name == "postgresql":  # as it does of itself, within a minute or so
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def fill(library: Library, count: int, now: datetime) -> None:
    """Rows, and an empty file for each, as old as its row says."""
    rows = list(make_rows(count, now))
    insert_rows(library.database, rows)
    for row in rows:
        path = library.outputs_dir / row["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (made := row["created_at"].timestamp(), made))


def median_ms(work: Callable[[], object]) -> float:
    return 1000 * median(_measure_s(work) for _ in range(ROUNDS))


def _measure_s(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def list_questions(count: int, now: datetime) -> dict[str, OutputQuery]:
    return {
        "first page, newest": OutputQuery(),
        "last page, newest": OutputQuery(offset=count - 24),
        "page in the middle, by name": OutputQuery(order=OutputOrder.NAME, offset=count // 2),
        "last page, by name": OutputQuery(order=OutputOrder.NAME, offset=count - 24),
        "page in the middle, largest": OutputQuery(order=OutputOrder.LARGEST, offset=count // 2),
        "search, by name": OutputQuery("季度汇报", order=OutputOrder.NAME, offset=24),
        "search, one word in every sixth": OutputQuery("季度汇报"),
        "search, three words": OutputQuery("marketing LAUNCH 人物"),
        "search, a word in none": OutputQuery("nowhere"),
        "filter, one owner": OutputQuery(owner="marketing3"),
        "filter, project and kind, largest": OutputQuery(
            project="project 5", kind=OutputKind.TEST, order=OutputOrder.LARGEST
        ),
        "filter, last thirty days": OutputQuery(made_after=now - timedelta(days=30)),
        "filter, expiring within a day": OutputQuery(expires_before=now + timedelta(days=1)),
    }


def find_old(folder: Path) -> int:
    command = ["find", str(folder), "-type", "f", "-name", "*.mp4", "-mtime", "+7"]
    return len(subprocess.run(command, capture_output=True, check=True).stdout.splitlines())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="")
    parser.add_argument("--outputs", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        root, count, now = Path(home) / "outputs", arguments.outputs, datetime.now(UTC)
        root.mkdir()
        database = Database(arguments.url or f"sqlite:///{home}/library.db")
        database.upgrade()
        library = Library(database, root, Path(home) / "cache", rules=RULES)
        fill(library, count, now)
        print(f"{database.engine.dialect.name}, {count} outputs; median of {ROUNDS}, in ms")
        for name, query in list_questions(count, now).items():
            total = library.search(query).total
            print(f"{name:36} {median_ms(partial(library.search, query)):8.1f}   {total} match")
        print(f"{'use by project':36} {median_ms(lambda: library.list_usage(UsageBy.PROJECT)):8.1f}")

        def plan() -> list[PlannedStep]:
            return plan_retention(library.list_candidates(RULES, now), RULES, now)

        print(f"{'plan of retention':36} {median_ms(plan):8.1f}   {len(plan())} due")
        print(f"{'all records read, for comparison':36} {median_ms(library.list_records):8.1f}")
        print(f"{'reconciling, nothing to do':36} {median_ms(library.reconcile):8.1f}")
        print(f"{'find -mtime +7':36} {median_ms(lambda: find_old(root)):8.1f}   {find_old(root)} found")
        database.close()


if __name__ == "__main__":
    main()
