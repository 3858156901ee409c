"""How models stand in their folder, and what verifying, repairing, importing and removing make of that."""

import json
import os
from pathlib import Path

import pytest

from heygem.domain.errors import CancelledError
from heygem.domain.model_errors import (
    ManifestError,
    ModelBusyError,
    ModelFileError,
    ModelImportError,
    ModelNotFoundError,
    WeightsUnverifiedError,
)
from heygem.domain.models import ModelState
from heygem.domain.progress import CancelToken
from heygem.downloads.importing import ImportMode, import_files
from heygem.downloads.receipts import HIDDEN_FOLDER
from tests.downloads.shelf import Shelf, content

A, B, OLD = content("a"), content("b", 200_001), content("old", 250_000)


def state(shelf: Shelf, name: str = "pair") -> ModelState:
    return shelf.store.get_status(name).state


def verify(shelf: Shelf, name: str = "pair"):
    return shelf.store.verify(name, shelf.told.append, CancelToken())


def bring(shelf: Shelf, *places: Path, mode: ImportMode = ImportMode.COPY):
    return import_files(shelf.store, places, mode, shelf.told.append, CancelToken())


def test_files_put_there_by_hand_are_recognised_once_somebody_looks(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A, "pair/b.pth": B})
    assert state(shelf) is ModelState.MISSING
    shelf.put("pair/a.pth", A)
    assert state(shelf) is ModelState.PARTIAL
    shelf.put("pair/b.pth", B)
    assert state(shelf) is ModelState.UNVERIFIED
    status = verify(shelf)
    assert (status.state, status.version, status.is_usable) == (ModelState.INSTALLED, "1.0", True)
    assert shelf.told[-1].done_bytes == shelf.told[-1].total_bytes == len(A) + len(B)
    assert state(shelf) is ModelState.INSTALLED and shelf.store.used_bytes == len(A) + len(B)


def test_what_has_changed_is_looked_at_again_and_what_is_wrong_is_told(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A, "pair/b.pth": B})
    path = shelf.put("pair/a.pth", A)
    shelf.put("pair/b.pth", B)
    verify(shelf)
    path.write_bytes(A[:-1] + b"?")
    assert state(shelf) is ModelState.UNVERIFIED
    assert verify(shelf).state is ModelState.DAMAGED and state(shelf) is ModelState.DAMAGED
    path.write_bytes(A[:-1])
    assert state(shelf) is ModelState.DAMAGED  # by its size alone
    path.write_bytes(A)
    assert verify(shelf).state is ModelState.INSTALLED


def test_a_copy_that_knows_the_second_alone_is_the_same_file(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A})
    path = shelf.put("pair/a.pth", A)
    verify(shelf)
    second = path.stat().st_mtime_ns // 10**9 * 10**9
    os.utime(path, ns=(second, second))
    assert state(shelf) is ModelState.INSTALLED
    os.utime(path, ns=(second - 10**9, second - 10**9))
    assert state(shelf) is ModelState.UNVERIFIED


def test_an_earlier_version_is_offered_an_update_or_must_have_it(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": OLD, "pair/gone.pth": B})
    shelf.put("pair/a.pth", OLD)
    shelf.put("pair/gone.pth", B)
    verify(shelf)
    first = shelf.entries.pop()
    shelf.add("pair", {"pair/a.pth": A}, version="1.1")
    status = shelf.store.get_status("pair")  # known by its receipt
    assert (status.state, status.version, status.is_usable) == (ModelState.OUTDATED, "1.0", True)
    shelf.entries.insert(0, first)
    (shelf.folder / "models" / HIDDEN_FOLDER / "receipts" / "pair.json").unlink()
    assert state(shelf) is ModelState.DAMAGED
    assert verify(shelf).state is ModelState.OUTDATED  # known by the manifest that had it
    shelf.add("pair", {"pair/a.pth": A}, version="1.2", min_version="1.1")
    status = shelf.store.get_status("pair")
    assert (status.state, status.must_update, status.is_usable) == (ModelState.OUTDATED, True, False)
    shelf.put("pair/a.pth", A)
    assert verify(shelf).version == "1.2"


def test_a_version_that_no_manifest_has_yet_stays(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A}, version="2.0")
    shelf.put("pair/a.pth", A)
    verify(shelf)
    shelf.entries.clear()
    shelf.add("pair", {"pair/a.pth": OLD}, version="1.0")
    status = shelf.store.get_status("pair")
    assert (status.state, status.version) == (ModelState.INSTALLED, "2.0")


def test_verifying_can_be_cancelled_and_a_file_that_cannot_be_read_is_told(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A})
    path = shelf.put("pair/a.pth", A)
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        shelf.store.verify("pair", shelf.told.append, token)
    assert state(shelf) is ModelState.UNVERIFIED
    path.unlink()
    path.mkdir()
    assert state(shelf) is ModelState.DAMAGED


def test_removing_takes_the_manifests_files_alone(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A, "pair/deep/b.pth": B})
    for path, data in (("pair/a.pth", A), ("pair/deep/b.pth", B), ("pair/a.pth.part", b"x" * 5000), ("own.txt", b"x")):
        shelf.put(path, data)
    mine = shelf.put("pair/mine.txt", b"mine")
    verify(shelf)
    assert shelf.store.remove("pair") >= len(A) + len(B) + 5000
    assert state(shelf) is ModelState.MISSING
    left = {
        path.name for path in (shelf.folder / "models").rglob("*") if path.is_file() and HIDDEN_FOLDER not in path.parts
    }
    assert left == {"mine.txt", "own.txt"} and mine.read_bytes() == b"mine"
    assert not (shelf.folder / "models/pair/deep").exists()


def test_a_receipt_that_somebody_wrote_leads_nowhere_else(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A})
    victim = shelf.folder / "victim"
    victim.write_bytes(b"x")
    forged = {"version": "1.0", "hashes": {"../victim": "0" * 64}, "seen": {}}
    book = shelf.put(f"{HIDDEN_FOLDER}/receipts/pair.json", json.dumps(forged).encode())
    shelf.store.remove("pair")
    assert victim.exists()
    for damaged in (b"", b"[]", b'{"version": 1}', b'{"version": "1", "hashes": 3, "seen": {}}'):
        book.write_bytes(damaged)
        assert state(shelf) is ModelState.MISSING


def test_files_are_imported_whatever_they_are_called(shelf: Shelf):
    shelf.add("pair", {"pair/a.pth": A, "pair/b.pth": B})
    bag = shelf.folder / "bag" / "deep"
    bag.mkdir(parents=True)
    (bag / "download (1).bin").write_bytes(A)
    (bag / "notes.txt").write_bytes(b"of no use")
    (bag / "same size").write_bytes(A[:-1] + b"?")
    (other := shelf.folder / "b.tmp").write_bytes(B)
    done = bring(shelf, bag.parent, other)
    assert [(file.model, file.path) for file in done] == [("pair", "pair/a.pth"), ("pair", "pair/b.pth")]
    assert state(shelf) is ModelState.INSTALLED and other.exists()
    assert shelf.told[-1].share == 1.0


@pytest.mark.parametrize(("mode", "stays"), [(ImportMode.MOVE, False), (ImportMode.LINK, True)])
def test_importing_by_moving_and_by_linking(shelf: Shelf, mode: ImportMode, stays: bool):
    shelf.add("one", {"one/a.pth": A})
    (source := shelf.folder / "a").write_bytes(A)
    inode = source.stat().st_ino
    bring(shelf, source, mode=mode)
    target = shelf.folder / "models/one/a.pth"
    assert target.stat().st_ino == inode and source.exists() is stays
    assert state(shelf, "one") is ModelState.INSTALLED
    bring(shelf, target, mode=mode)  # it is where it belongs
    assert target.read_bytes() == A


def test_what_is_no_models_is_not_imported(shelf: Shelf):
    shelf.add("one", {"one/a.pth": A})
    (wrong := shelf.folder / "wrong.pth").write_bytes(A[:-1] + b"?")
    (empty := shelf.folder / "empty").mkdir()
    for place in (wrong, empty, shelf.folder / "none"):
        with pytest.raises((ModelImportError, ModelFileError)) as caught:
            bring(shelf, place)
        assert place.name in str(caught.value)
    assert state(shelf, "one") is ModelState.MISSING
    wrong.write_bytes(A)
    with shelf.store.alone("one"), pytest.raises(ModelBusyError):
        bring(shelf, wrong)


def test_weights_are_loaded_when_a_manifest_knows_them(shelf: Shelf):
    entry = shelf.add("one", {"one/a.pth": A})
    own = shelf.folder / "elsewhere.pth"
    own.write_bytes(A)
    assert shelf.store.check_verified(own) == entry.files[0].sha256
    own.write_bytes(b"a pickle of somebody")
    with pytest.raises(WeightsUnverifiedError):
        shelf.store.check_verified(own)
    with pytest.raises(ModelFileError):
        shelf.store.check_verified(shelf.folder / "none")
    inside = shelf.put("one/a.pth", A)
    verify(shelf, "one")
    shelf.entries.clear()
    shelf.add("one", {"one/a.pth": B}, version="2.0")
    shelf.store.check_verified(inside)  # of a version that a manifest had once
    inside.write_bytes(A + b"?")
    with pytest.raises(WeightsUnverifiedError):
        shelf.store.check_verified(inside)


def test_models_of_several_manifests(shelf: Shelf):
    shelf.add("one", {"one/a.pth": A})
    shelf.add("one", {"one/a.pth": B}, version="0.9")
    assert [entry.version for entry in shelf.store.catalogue.models] == ["1.0"]
    with pytest.raises(ModelNotFoundError, match="known=one"):
        shelf.store.get_status("two")
    shelf.add("two", {"One/a.pth": B})
    with pytest.raises(ManifestError, match=r"One/a\.pth"):
        assert shelf.store
