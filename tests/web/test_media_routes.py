"""Finished videos by their addresses: pieces of them, what is not there, and no way to anything else."""

import io
import zipfile
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from filelock import FileLock

from heygem.domain.library import OutputKind, OutputState
from heygem.library.archiver import Archiver
from heygem.library.catalogue import Library
from heygem.web.history_query import Filters
from heygem.web.media_routes import build_media_routes
from tests.archived import make_library, put_in_archive
from tests.fakes import write_video


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path)


@pytest.fixture
def client(library: Library) -> TestClient:
    app = FastAPI()
    app.include_router(build_media_routes(library))
    return TestClient(app)


@pytest.fixture
def output_id(library: Library) -> str:
    path = library.outputs_dir / "2026-01-02" / "季度 汇报.mp4"
    write_video(path, 1)
    path.with_suffix(".json").write_text('{"a": 1}')
    return library.add(path)


def test_a_video_comes_in_pieces_and_from_the_trash(client: TestClient, library: Library, output_id: str) -> None:
    data = library.get(output_id).path.read_bytes()
    whole = client.get(f"/media/{output_id}.mp4")
    assert whole.content == data and whole.headers["content-type"] == "video/mp4"
    piece = client.get(f"/media/{output_id}.mp4", headers={"Range": "bytes=100-199"})
    assert (piece.status_code, piece.content) == (206, data[100:200])
    assert client.get(f"/media/{output_id}.json").json() == {"a": 1}
    library.trash([output_id])  # while it is being played
    rest = client.get(f"/media/{output_id}.mp4", headers={"Range": "bytes=200-"})
    assert (rest.status_code, rest.content) == (206, data[200:])


def test_its_picture_is_small_and_kept(client: TestClient, output_id: str) -> None:
    picture = client.get(f"/media/{output_id}.jpg")
    assert picture.content[:2] == b"\xff\xd8" and len(picture.content) < 50_000
    assert "max-age" in picture.headers["cache-control"]


@pytest.mark.parametrize("name", ["none", "..", "%2e%2e%2fheygem", "..%2F..%2Fsecret", "a\u0301", "%00"])
@pytest.mark.parametrize("suffix", ["mp4", "jpg", "sheet.jpg", "json"])
def test_nothing_else_is_reached(client: TestClient, library: Library, name: str, suffix: str) -> None:
    (library.outputs_dir.parent / f"secret.{suffix}").write_text("secret")
    assert client.get(f"/media/{name}.{suffix}").status_code == 404


def test_what_is_gone_is_not_found(client: TestClient, library: Library, output_id: str) -> None:
    library.get(output_id).path.with_suffix(".json").unlink()
    assert client.get(f"/media/{output_id}.json").status_code == 404
    library.trash([output_id])
    library.purge([output_id])
    suffixes = ("mp4", "jpg", "sheet.jpg", "json")
    assert {client.get(f"/media/{output_id}.{suffix}").status_code for suffix in suffixes} == {404}
    assert client.post("/media/chosen.zip", data={"keys": f"{output_id},none"}).status_code == 204


def test_what_matches_comes_as_a_zip(client: TestClient, library: Library, output_id: str) -> None:
    path = library.outputs_dir / "other.mp4"
    write_video(path, 0.2)
    library.set_kind([library.add(path)], OutputKind.TEST)
    answer = client.get(f"/media/matching.zip?{Filters(words='汇报', kind='important').to_url()}")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None and packed.namelist() == ["季度 汇报.mp4"]
        assert packed.read("季度 汇报.mp4") == library.get(output_id).path.read_bytes()
    large = client.get(f"/media/matching.zip?{Filters(min_mb=10).to_url()}")
    assert large.status_code == 204
    assert client.get("/media/matching.zip?kind=nonsense").status_code == 422


def test_a_video_of_the_archive_comes_from_there_in_pieces(
    client: TestClient, library: Library, output_id: str, tmp_path: Path
) -> None:
    path = library.get(output_id).path
    data, record = path.read_bytes() + bytes(5 * 1024**2), {"a": 1}
    path.write_bytes(data)  # more than is read at once
    library.add(path)
    put_in_archive(Archiver(library, FileLock(library.cache_dir / "archive.lock")), [output_id])
    assert library.get(output_id).state is OutputState.ARCHIVED and not path.exists()
    url = f"/media/{output_id}.mp4"
    whole = client.get(url)
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, data, "bytes")
    for asked, start, end in (("100-199", 100, 200), (f"{len(data) - 9}-", len(data) - 9, len(data)), ("-9", -9, None)):
        piece = client.get(url, headers={"Range": f"bytes={asked}"})
        assert (piece.status_code, piece.content) == (206, data[start:end])
        assert piece.headers["content-range"].endswith(f"/{len(data)}")
    assert client.get(url, headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    assert client.get(f"/media/{output_id}.json").json() == record
    assert client.get(f"/media/{output_id}.jpg").content[:2] == b"\xff\xd8"
    (tmp_path / "nas").rename(tmp_path / "away")
    assert client.get(url).status_code == 503 and client.get(f"/media/{output_id}.json").status_code == 404
