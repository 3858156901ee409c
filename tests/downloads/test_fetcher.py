"""What a fetch brings, what it leaves, and what it asks the server for; with the transfer of the product."""

import os
import threading
from pathlib import Path

import pytest

from heygem.domain.errors import CancelledError
from heygem.domain.model_errors import (
    ChecksumError,
    DownloadFailedError,
    LicenceNotAcceptedError,
    NoSourceError,
    SourceError,
)
from heygem.domain.models import DownloadSource, ModelState, TransferPhase
from heygem.domain.progress import CancelToken
from heygem.downloads.licences import LicenceBook
from heygem.downloads.manifest_fetch import load_manifest
from heygem.downloads.region import Region, guess_region, order_sources
from tests.downloads.shelf import Shelf, content

A, B, NEW = content("a"), content("b", 200_001), content("new", 250_000)


def asked(shelf: Shelf) -> set[str]:
    paths = set(shelf.server.asked)
    shelf.server.asked.clear()
    return paths


def test_what_is_missing_comes_and_what_is_there_is_not_asked_for(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A, "pair/b.pth": B})
    shelf.put("pair/b.pth", B)
    status = shelf.fetch("pair")
    assert (status.state, status.version) == (ModelState.INSTALLED, "1.0")
    assert asked(shelf) == {"/1.0/pair/a.pth"}
    assert (shelf.folder / "models/pair/a.pth").read_bytes() == A
    phases = [progress.phase for progress in shelf.told]
    assert {TransferPhase.VERIFYING, TransferPhase.TRANSFERRING} < set(phases) and phases[-1] is TransferPhase.DONE
    assert shelf.told[-1].share == 1.0 and not shelf.store.get_status("pair").missing_bytes
    shelf.fetch("pair")
    assert asked(shelf) == set()


def test_a_repair_fetches_what_is_wrong_alone(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A, "pair/b.pth": B})
    shelf.fetch("pair")
    asked(shelf)
    path = shelf.folder / "models/pair/b.pth"
    stat = path.stat()
    path.write_bytes(b"?" + B[1:])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as a disk that forgets would leave it
    assert shelf.fetch("pair").state is ModelState.INSTALLED and asked(shelf) == set()
    assert shelf.fetch("pair", is_full_check=True).state is ModelState.INSTALLED
    assert asked(shelf) == {"/1.0/pair/b.pth"} and path.read_bytes() == B


def test_an_update_takes_the_place_of_the_old_version_when_all_of_it_is_here(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A, "pair/b.pth": B})
    shelf.fetch("pair")
    shelf.add("pair", {"pair/a.pth": NEW, "pair/b.pth": B, "pair/c.pth": NEW[::-1]}, version="1.1")
    del shelf.server.files["/1.1/pair/c.pth"]
    asked(shelf)
    with pytest.raises(DownloadFailedError):
        shelf.fetch("pair")
    status = shelf.store.get_status("pair")
    assert (status.state, status.version) == (ModelState.OUTDATED, "1.0")
    assert (shelf.folder / "models/pair/a.pth").read_bytes() == A
    shelf.server.files["/1.1/pair/c.pth"] = NEW[::-1]
    asked(shelf)
    status = shelf.fetch("pair")
    assert (status.state, status.version) == (ModelState.INSTALLED, "1.1")
    assert asked(shelf) == {"/1.1/pair/c.pth"}  # what had come is not asked for again
    assert (shelf.folder / "models/pair/a.pth").read_bytes() == NEW
    assert not list((shelf.folder / "models/.heygem/updates").rglob("*.pth"))
    shelf.entries[:] = shelf.entries[:1]  # the manifest of yesterday
    assert shelf.fetch("pair").version == "1.1" and not asked(shelf)


def test_a_wrong_file_never_gets_the_name(shelf: Shelf):
    shelf.add("one", {"one/a.pth": A})
    shelf.server.files["/1.0/one/a.pth"] = A[:-1] + b"?"
    with pytest.raises((ChecksumError, DownloadFailedError)):
        shelf.fetch("one")
    assert not (shelf.folder / "models/one/a.pth").exists()


def test_a_licence_comes_first_and_is_remembered_until_it_changes(shelf: Shelf):
    entry = shelf.add("one", {"one/a.pth": A}, notice="Research alone.")
    with pytest.raises(LicenceNotAcceptedError):
        shelf.fetch("one")
    assert asked(shelf) == set()
    shelf.put("one/a.pth", A)
    assert shelf.fetch("one").state is ModelState.INSTALLED  # nobody asks again what somebody has already
    shelf.store.remove("one")
    book = LicenceBook(shelf.folder / "models")
    assert book.find_accepted_at(entry) is None
    book.accept(entry)
    assert book.find_accepted_at(entry) is not None
    shelf.fetch("one")
    changed = shelf.add("one", {"one/a.pth": B}, version="2.0", notice="Something else.")
    assert not book.is_accepted(changed) and book.is_accepted(entry)


def test_a_model_without_sources_must_be_imported(shelf: Shelf):
    entry = shelf.add("one", {"one/a.pth": A})
    with pytest.raises(NoSourceError):
        shelf.fetcher().fetch("one", lambda _: [], shelf.told.append, CancelToken())
    assert shelf.store.get_status(entry.name).state is ModelState.MISSING


def test_who_comes_second_waits_sees_how_far_it_is_and_asks_for_nothing(shelf: Shelf):
    large = content("large", 900_000)
    shelf.add("one", {"one/a.pth": large})
    shelf.server.close_gate(open_bytes=600_000)
    first = threading.Thread(target=shelf.fetch, args=("one",))
    first.start()
    progress = shelf.folder / "models/.heygem/progress/one.json"
    while not progress.exists():
        assert first.is_alive()
        threading.Event().wait(0.01)
    seen = []

    def look(told):
        seen.append(told)
        shelf.server.gate.set()

    status = shelf.fetcher().fetch("one", list, look, CancelToken())
    first.join()
    assert status.state is ModelState.INSTALLED
    assert seen[0].phase is TransferPhase.WAITING and seen[0].done_bytes > 0 and seen[0].total_bytes == len(large)
    assert [told.phase for told in seen[1:]][-1] is TransferPhase.DONE
    assert TransferPhase.TRANSFERRING not in {told.phase for told in seen}
    assert not progress.exists()


def test_waiting_for_another_can_be_given_up(shelf: Shelf):
    shelf.add("one", {"one/a.pth": A})
    token = CancelToken()
    with shelf.store.alone("one"), pytest.raises(CancelledError):
        shelf.fetcher().fetch("one", list, lambda _: token.cancel(), token)


def test_sources_are_ordered_by_region_and_priority():
    cn, world, mirror = (
        DownloadSource("https://a", "cn", 1),
        DownloadSource("https://b", "global", 9),
        DownloadSource("https://c"),
    )
    urgent = DownloadSource("https://d", "cn", 5)
    assert order_sources([world, mirror, cn, urgent], Region.CN) == [urgent, cn, mirror, world]
    assert order_sources([cn, mirror, world], Region.GLOBAL) == [world, mirror, cn]
    assert guess_region({"LANG": "zh_CN.UTF-8"}) is Region.CN


def test_a_manifest_by_address_is_kept_for_when_the_network_is_away(shelf: Shelf):
    text = f"name: one\nversion: '1'\nlicence: MIT\npath: one/a\nsize: 3\nsha256: {'0' * 64}\n"
    shelf.server.files["/m.yaml"] = text.encode()
    url, cache = f"{shelf.server.url}/m.yaml", shelf.folder / "cache"
    first = load_manifest(url, cache)
    assert (first.name, first.models[0].name) == ("m.yaml", "one")
    del shelf.server.files["/m.yaml"]
    assert load_manifest(url, cache) == first
    with pytest.raises(SourceError):
        load_manifest(url + "?other", cache)
    (shelf.folder / "own.yaml").write_text(text)
    assert load_manifest(str(shelf.folder / "own.yaml"), Path("/none")).models == first.models
