"""Speaks WebDAV (RFC 4918) as far as it takes to find one file: PROPFIND, and what is answered to it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import ModelFile, find_host
from heygem.downloads.resolvers.asker import Answer, Asker, is_same_origin
from heygem.downloads.resolvers.listing import Listed, base_name, fits, search

MULTI_STATUS: Final = 207
SPEAKS_NO_DAV: Final = (405, 501)
QUESTION: Final = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/></d:prop></d:propfind>'
)


def find_dav_file(asker: Asker, url: str, headers: Mapping[str, str], wanted: ModelFile) -> Listed:
    """The file that `url` names, or the wanted one in or below the folder that it names; `address` is its URL.

    A server that does not speak WebDAV is asked as any other, for a file. Raises SourceError.
    """
    host = find_host(url)
    [itself, *_] = _ask(asker, url, headers, "0") or [_ask_plainly(asker, url, headers)]
    if itself.is_folder:
        return search(itself.address, lambda folder: _ask(asker, folder, headers, "1")[1:], wanted, host)
    if not fits(itself, wanted):
        raise SourceError(source=host, reason=SourceProblem.FILE_DIFFERS)
    return itself


def _ask(asker: Asker, url: str, headers: Mapping[str, str], depth: str) -> list[Listed]:
    """The resource itself first, then what is in it; nothing from a server that does not know the question."""
    asked = {**headers, "Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
    answer = asker.ask(
        "PROPFIND", url, asked, content=QUESTION, follows=lambda got: is_same_origin(got.target, got.url)
    )
    if answer.status in SPEAKS_NO_DAV:
        return []
    if answer.status != MULTI_STATUS:
        raise answer.refusal()
    return _read(answer)


def _ask_plainly(asker: Asker, url: str, headers: Mapping[str, str]) -> Listed:
    answer = asker.ask("HEAD", url, {**headers, "Accept-Encoding": "identity"}, is_head=True)
    if not answer.is_success:
        raise answer.refusal()
    return Listed(base_name(url), url, answer.size_bytes)


def _read(answer: Answer) -> list[Listed]:
    """What lies on other hosts is passed over, for credentials go to the ones that it is asked for with."""
    try:
        root = ElementTree.fromstring(answer.content)
    except ElementTree.ParseError as error:
        raise SourceError(source=find_host(answer.url), reason=SourceProblem.ANSWER_UNREADABLE) from error
    listed = [found for node in root.iter("{DAV:}response") if (found := _read_one(node, answer.url))]
    own = answer.url.rstrip("/")
    listed.sort(key=lambda each: each.address.rstrip("/") != own and unquote(each.address.rstrip("/")) != unquote(own))
    if not listed:
        raise SourceError(source=find_host(answer.url), reason=SourceProblem.ANSWER_UNREADABLE)
    return listed


def _read_one(node: ElementTree.Element, base: str) -> Listed | None:
    address = urljoin(base, (node.findtext("{DAV:}href") or "").strip())
    if not is_same_origin(address, base):
        return None
    size = (node.findtext(".//{DAV:}getcontentlength") or "").strip()
    is_folder = node.find(".//{DAV:}resourcetype/{DAV:}collection") is not None
    return Listed(unquote(base_name(address)), address, int(size) if size.isdecimal() else None, is_folder=is_folder)
