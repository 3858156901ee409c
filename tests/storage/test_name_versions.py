"""Versions of names, counted for several processes on both databases."""

import multiprocessing

from heygem.storage.database import Database
from heygem.storage.name_versions import note_version, take_versions
from tests.storage.processes import take_many, upgrade

SPAWN = multiprocessing.get_context("spawn")


def test_each_name_counts_for_itself_whatever_its_letters(database: Database) -> None:
    assert take_versions(database, ["a_x", "a_y", "A_X", "a_x"]) == [1, 1, 2, 3]
    assert take_versions(database, ["a_x", "straße", "STRASSE", "e\u0301", "É"]) == [4, 1, 2, 1, 2]
    assert take_versions(database, []) == []


def test_what_others_have_named_is_counted_on_from(database: Database) -> None:
    for stem in ("Team_报告_V7", "team_报告_v3", "team_报告", "team_报告_v", "team_报告_v99999999"):
        with database.write() as connection:
            note_version(connection, stem)
    assert take_versions(database, ["team_报告"]) == [8]


def test_two_processes_never_get_the_same(database_url: str) -> None:
    upgrade(database_url)
    queue = SPAWN.SimpleQueue()
    processes = [SPAWN.Process(target=take_many, args=(database_url, 40, queue)) for _ in range(2)]
    for process in processes:
        process.start()
    given = [version for _ in processes for version in queue.get()]
    for process in processes:
        process.join(60)
    assert sorted(given) == list(range(1, 81))
