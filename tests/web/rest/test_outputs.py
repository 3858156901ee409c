"""Finished videos, as programs find them, throw them away and take them back."""

import time
from pathlib import Path

from tests.archived import put_in_archive
from tests.fakes import write_video
from tests.web.rest.conftest import Api, Served

UNKNOWN = "0" * 32


def test_outputs_are_searched_thrown_away_and_taken_back(api: Api) -> None:
    library, ids = api.services.library, []
    for name in ("秋季_甲", "秋季_乙", "冬季"):
        path = library.outputs_dir / "2026-01-02" / "me" / f"{name}.mp4"
        write_video(path, 0.2)
        ids.append(library.add(path, project="P"))
    found = api.client.get("/outputs", params={"words": "秋季", "order": "name", "limit": 1}).json()
    assert (found["total"], [one["name"] for one in found["outputs"]]) == (2, ["秋季_乙.mp4"])
    totals = [api.client.get("/outputs", params={"owner": owner}).json()["total"] for owner in ("me", "you")]
    assert totals == [3, 0]
    one = api.client.get(f"/outputs/{ids[0]}").json()
    assert (one["title"], one["project"], one["state"], one["width"]) == ("秋季_甲", "P", "present", 320)
    assert str(api.folder) not in str(one)
    assert api.client.delete(f"/outputs/{ids[0]}").json()["state"] == "trashed"
    assert not library.get(ids[0]).path.exists()
    assert api.client.get("/outputs", params={"state": "trashed"}).json()["total"] == 1
    assert api.client.post(f"/outputs/{ids[0]}/restore").json()["state"] == "present"
    assert library.get(ids[0]).path.is_file()


def test_what_the_archive_alone_has_comes_back_when_it_is_restored(serve_api: Served, tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    with serve_api(archive={"url": str(tmp_path / "nas")}) as api:
        first, second = [put_away(api, name) for name in ("a.mp4", "b.mp4")]
        found = api.client.get("/outputs", params={"state": "archived"}).json()["outputs"]
        assert {one["output_id"] for one in found} == {first, second} and all(one["archived_at"] for one in found)
        assert api.client.post(f"/outputs/{first}/restore").status_code == 200
        until = time.monotonic() + 20
        while (one := api.client.get(f"/outputs/{first}").json())["state"] == "archived":
            assert time.monotonic() < until
            time.sleep(0.02)
        assert (one["state"], one["coming_share"]) == ("present", None) and one["archived_at"]
        assert (api.services.library.outputs_dir / "a.mp4").read_bytes() == b"a.mp4"
    with serve_api() as api:  # whose archive is set no more
        answer = api.client.post(f"/outputs/{second}/restore")
        assert (answer.status_code, answer.json()["code"]) == (409, "ARCHIVE_UNSET")


def put_away(api: Api, name: str) -> str:
    """The id of a video that the archive alone has."""
    library, archiving = api.services.library, api.services.archiving
    assert archiving is not None
    (library.outputs_dir / name).write_text(name)
    output_id = library.add(library.outputs_dir / name)
    put_in_archive(archiving.archiver, [output_id])
    return output_id


def test_an_unknown_output_is_not_found(api: Api) -> None:
    for answer in (
        api.client.get(f"/outputs/{UNKNOWN}"),
        api.client.delete(f"/outputs/{UNKNOWN}"),
        api.client.post(f"/outputs/{UNKNOWN}/restore"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "OUTPUT_NOT_FOUND")
