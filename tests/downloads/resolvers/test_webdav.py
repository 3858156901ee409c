"""WebDAV against WsgiDAV's server, and nginx where a server speaks only a part of it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from wsgidav.wsgidav_app import WsgiDAVApp

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.logins import Login
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, WANTED, Reply, fetch, running, serving_wsgi
from tests.serving import free_port

USER, PASSWORD = "ann", "p@ss wörd"
NGINX: Final = """
user root; daemon off; pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
    server {
        listen 127.0.0.1:%(port)d;
        root files; dav_methods PUT DELETE;
        auth_basic "files"; auth_basic_user_file users;
    }
}
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dav")
    (folder / "files" / "deep" / "er").mkdir(parents=True)
    (folder / "files" / "deep" / "er" / "model.pth").write_bytes(CONTENT)
    (folder / "files" / "口型 a+b.pth").write_bytes(CONTENT)
    (folder / "files" / "notes.txt").write_text("notes", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(shelf: Path) -> Iterator[str]:
    """`127.0.0.1:port` of a server that asks for USER and PASSWORD."""
    config = {
        "provider_mapping": {"/": str(shelf / "files")},
        "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "logging": {"enable": False},
    }
    with serving_wsgi(WsgiDAVApp(config)) as server:
        yield server.removeprefix("http://")


@pytest.mark.parametrize(
    "path", ["deep/er/model.pth", "deep", "deep/", "", "%E5%8F%A3%E5%9E%8B%20a%2Bb.pth", "口型 a+b.pth"]
)
def test_a_file_or_the_folder_that_it_lies_below(address: str, build: Build, path: str):
    source = DownloadSource(f"webdav://{USER}@{address}/{path}", code=PASSWORD)
    opened = build().open(source, WANTED)
    link = opened.get_link()
    assert opened.name == "127.0.0.1"
    assert fetch(link) == CONTENT
    assert link.size_bytes == len(CONTENT)
    assert "@" not in link.url


def test_the_password_comes_from_the_users_logins_for_that_server_alone(address: str, build: Build):
    login = Login(f"http://{address}", USER, PASSWORD)
    source = DownloadSource(f"webdav://{USER}@{address}/deep/er/model.pth")
    assert fetch(build(logins=(login,)).open(source, WANTED).get_link()) == CONTENT
    assert fetch(build(logins=(Login("127.0.0.1", USER, PASSWORD),)).open(source, WANTED).get_link()) == CONTENT
    for other in (replace(login, origin="http://127.0.0.1:1"), replace(login, user="bob"), replace(login, origin="x")):
        with pytest.raises(SourceError) as caught:
            build(logins=(other,)).open(source, WANTED).get_link()
        assert caught.value.context["reason"] == SourceProblem.LOGIN_NEEDED


@pytest.mark.parametrize(
    ("path", "code", "problem"),
    [
        ("deep/er/model.pth", "wrong", SourceProblem.CODE_WRONG),
        ("deep/er/absent.pth", PASSWORD, SourceProblem.NOT_FOUND),
        ("notes.txt", PASSWORD, SourceProblem.FILE_DIFFERS),
    ],
)
def test_what_is_refused_says_what_to_do(address: str, build: Build, path: str, code: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build().open(DownloadSource(f"webdav://{USER}@{address}/{path}", code=code), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


def test_a_folder_without_the_file_is_told(address: str, build: Build):
    other = replace(WANTED, path="other.pth", size_bytes=7)
    with pytest.raises(SourceError) as caught:
        build().open(DownloadSource(f"webdav://{USER}@{address}/", code=PASSWORD), other).get_link()
    assert caught.value.context["reason"] == SourceProblem.FILE_NOT_IN_SHARE


def test_nginx_which_lists_nothing_gives_a_file_all_the_same(shelf: Path, build: Build):
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    (shelf / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    (shelf / "nginx.conf").write_text(NGINX % {"port": port}, encoding="utf-8")
    command = [nginx, "-p", str(shelf), "-c", "nginx.conf", "-e", "stderr"]
    source = DownloadSource(f"webdav://{USER}@127.0.0.1:{port}/deep/er/model.pth", code=PASSWORD)
    with running(command, port):
        link = build().open(source, WANTED).get_link()
        assert (fetch(link), link.size_bytes) == (CONTENT, len(CONTENT))


def test_credentials_stay_away_from_what_a_server_lists_on_other_hosts(serve: Serve, build: Build):
    kind = "<d:propstat><d:prop><d:resourcetype>{}</d:resourcetype></d:prop></d:propstat>"
    own = f"<d:response><d:href>/share/</d:href>{kind.format('<d:collection/>')}</d:response>"
    other = f"<d:response><d:href>http://localhost:1/model.pth</d:href>{kind.format('')}</d:response>"
    server = serve(lambda _: Reply(207, f'<d:multistatus xmlns:d="DAV:">{own}{other}</d:multistatus>'))
    source = DownloadSource(server.here.replace("http", "webdav") + "/share/", code="secret")
    with pytest.raises(SourceError) as caught:
        build().open(source, WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.FILE_NOT_IN_SHARE
