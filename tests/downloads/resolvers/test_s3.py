"""S3 against moto's server: signed links, keys that stay at home, and what is refused."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import botocore.session
import httpx
import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.s3 import S3Object, parse_s3_address
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, WANTED, Reply, fetch
from tests.s3_server import running_s3

KEY_ID, SECRET = "AKIAOURS", "a very secret key"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server with the wanted file in the bucket `weights`."""
    with running_s3() as server:
        client = botocore.session.Session().create_client(
            "s3", "us-east-1", endpoint_url=server.url, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET
        )
        client.create_bucket(Bucket="weights")
        client.put_object(Bucket="weights", Key="lips/a model.pth", Body=CONTENT)
        yield server.url


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys of the environment, and none of this machine's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("s3://weights/a.pth", S3Object("weights", "a.pth")),
        ("s3://weights/lips/a%20b.pth", S3Object("weights", "lips/a b.pth")),
        ("s3://weights/a.pth?endpoint_url=https://oss.example/&region=cn-1&versionId=7",
         S3Object("weights", "a.pth", "https://oss.example", "cn-1", "7")),
        ("s3://weights", None),
        ("s3://weights/lips/", None),
    ],
)  # fmt: skip
def test_an_address_names_an_object(url: str, found: S3Object | None):
    assert parse_s3_address(url) == found


def test_a_signed_link_gives_the_file_for_a_while(endpoint: str, build: Build):
    resolvers = build(s3_endpoint=endpoint, s3_region="us-east-1")
    link = resolvers.open(DownloadSource("s3://weights/lips/a%20model.pth"), WANTED).get_link()
    assert fetch(link) == CONTENT
    assert link.size_bytes == len(CONTENT)
    assert link.expires_at is not None
    assert timedelta(minutes=10) < link.expires_at - datetime.now(UTC) <= timedelta(minutes=15)
    query = httpx.URL(link.url).params
    assert query["X-Amz-SignedHeaders"] == "host"
    assert KEY_ID in query["X-Amz-Credential"]
    assert SECRET not in link.url
    assert not link.headers


def test_keys_may_come_from_a_file(endpoint: str, build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    path = tmp_path / "keys"
    path.write_text(f"[lips]\naws_access_key_id = AKIAFILE\naws_secret_access_key = {SECRET}\n", encoding="utf-8")
    resolvers = build(s3_endpoint=endpoint, s3_credentials_file=str(path), s3_profile="lips")
    assert "AKIAFILE" in resolvers.open(DownloadSource("s3://weights/lips/a%20model.pth"), WANTED).get_link().url


def test_keys_sign_nothing_for_an_endpoint_that_only_a_source_names(serve: Serve, build: Build):
    server = serve(lambda _: Reply(body=CONTENT))
    source = DownloadSource(f"s3://weights/lips/a.pth?endpoint_url={quote(server.here)}&region=eu-1")
    link = build(s3_endpoint="https://own.example").open(source, WANTED).get_link()
    assert fetch(link) == CONTENT
    assert link.url == f"{server.here}/weights/lips/a.pth"
    assert link.expires_at is None
    assert not any("authorization" in asked.headers or asked.query for asked in server.seen)


def test_amazons_own_endpoints_are_trusted_and_take_the_bucket_in_their_name(build: Build, monkeypatch):
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda *_: {"ContentLength": len(CONTENT)})
    source = DownloadSource("s3://weights/a.pth?endpoint_url=https://s3.eu-west-1.amazonaws.com&region=eu-west-1")
    for each in (source, DownloadSource("s3://weights/a.pth?region=eu-west-1")):
        link = build().open(each, WANTED).get_link()
        assert link.url.startswith("https://weights.s3.eu-west-1.amazonaws.com/a.pth?X-Amz-Algorithm=")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3://weights/lips/absent.pth", SourceProblem.NOT_FOUND),
        ("s3://nobody/lips/a.pth", SourceProblem.NOT_FOUND),
        ("s3://weights", SourceProblem.ADDRESS_INVALID),
        ("s3://we|rd/a.pth", SourceProblem.ADDRESS_INVALID),
    ],
)
def test_what_is_refused_says_what_to_do(endpoint: str, build: Build, url: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build(s3_endpoint=endpoint).open(DownloadSource(url), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


def test_an_object_of_another_size_is_told_before_it_is_fetched(endpoint: str, build: Build):
    with pytest.raises(SourceError) as caught:
        other = replace(WANTED, size_bytes=7)
        build(s3_endpoint=endpoint).open(DownloadSource("s3://weights/lips/a%20model.pth"), other).get_link()
    assert caught.value.context["reason"] == SourceProblem.FILE_DIFFERS


@pytest.mark.parametrize(("status", "problem"), [(403, SourceProblem.FORBIDDEN), (400, SourceProblem.FORBIDDEN)])
def test_keys_that_are_not_taken_are_told(serve: Serve, build: Build, status: int, problem: SourceProblem):
    server = serve(lambda _: Reply(status))
    with pytest.raises(SourceError) as caught:
        build(s3_endpoint=server.here).open(DownloadSource("s3://weights/a.pth"), WANTED).get_link()
    assert caught.value.context["reason"] == problem


def test_a_server_that_is_not_there_is_told(build: Build):
    with pytest.raises(SourceError) as caught:
        build(s3_endpoint="http://127.0.0.1:9").open(DownloadSource("s3://weights/a.pth"), WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.UNREACHABLE
    with pytest.raises(SourceError) as caught:
        build(s3_profile="absent").open(DownloadSource("s3://weights/a.pth"), WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.LOGIN_NEEDED
