"""What people paste, `链接: https://… 提取码: abcd` with words around it, as sources. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from heygem.domain.models import DownloadSource

SCHEMES: Final = "https?|hf|modelscope|github|s3|webdavs?|davs?"
# An address ends at what none has unencoded, and at the punctuation of the Chinese text around it.
END: Final = r"\s<>\"'`|“”‘’「」『』【】〔〕（）《》，。；、！？…"
ADDRESS: Final = re.compile(
    rf"(?:(?<![a-z0-9])(?:{SCHEMES})://|(?<![a-z0-9_@/.:-])(?=(?:[a-z0-9-]+\.)+[a-z]{{2,}}/))[^{END}]+", re.IGNORECASE
)
LABEL: Final = (
    r"提取码|提取密码|访问码|访问密码|分享码|分享密码|验证码|密码|口令"
    r"|(?:extraction|access|share)[ _-]?code|pass(?:word|code|wd)?\b|\bpwd\b|\bcode\b"
)
CODE: Final = re.compile(
    rf"(?:{LABEL})[】\])]?[ \t]*(?P<told>(?:[：:=﹕]|是|为|\bis\b)[ \t]*)?[「“\"'`【\[]?(?P<code>[^{END}\[\],;]+)",
    re.IGNORECASE,
)
BEHIND: Final = re.compile("提取|访问[码密]|分享[码密]|验证码|密码|口令|链接|复制")
STOPS: Final = ".,;:!?*_~"
PAIRS: Final = {")": "(", "]": "[", "}": "{"}
IN_QUERY: Final = ("pwd", "passwd", "password", "accesscode", "access_code", "extractcode")
NONE: Final = ("无", "没有", "不需要", "none", "no", "n/a", "-")
CJK: Final = re.compile(r"[⺀-鿿豈-﫿]")


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    value: str


def parse_pasted(text: str) -> tuple[DownloadSource, ...]:
    """A source for each address in the text, in its order, with the code that is told for it. None without any."""
    text = re.sub(r"[：:]\s?[/／]{2}", "://", text)  # as phones write it
    links = list(_find_links(text))
    codes = list(_find_codes(_blank(text, links)))
    found: dict[str, str] = {}
    for index, link in enumerate(links):
        after = links[index + 1].start if index + 1 < len(links) else len(text)
        told = [code for code in codes if link.end <= code.start < after]
        if index == 0 and not told:  # what stands before all addresses is for the first
            told = [code for code in codes if code.start < link.start]
        code = _find_in_query(link.value) or (told[0].value if told else "")
        found[link.value] = found.get(link.value) or code
    return tuple(DownloadSource(url, code=code) for url, code in found.items())


def _find_links(text: str) -> Iterator[_Found]:
    for match in ADDRESS.finditer(text):
        value = _trim(match.group())
        if not value.partition("://")[2] and "://" in value:
            continue
        whole = value if "://" in value else f"https://{value}"
        yield _Found(match.start(), match.start() + len(value), whole)


def _trim(address: str) -> str:
    """Without the words and the punctuation that stand right behind it.

    Chinese words may be a part of its path; a label of a code is one only where there were such words before.
    """
    scheme, mark, rest = address.rpartition("://") if "://" in address else ("", "", address)
    rest = rest.partition("：")[0]
    label = next((match for match in BEHIND.finditer(rest) if rest[: match.start()].isascii()), None)
    rest = (rest[: label.start()] if label else rest).rstrip(STOPS)
    while rest.endswith(tuple(PAIRS)) and rest.count(rest[-1]) > rest.count(PAIRS[rest[-1]]):
        rest = rest[:-1].rstrip(STOPS)
    return f"{scheme}{mark}{rest}"


def _blank(text: str, links: list[_Found]) -> str:
    """Addresses may have words in them that look like a code's label."""
    for link in links:
        text = text[: link.start] + " " * (link.end - link.start) + text[link.end :]
    return text


def _find_codes(text: str) -> Iterator[_Found]:
    for match in CODE.finditer(text):
        value = unicodedata.normalize("NFKC", match["code"]).strip()
        if value[:1].isascii():
            value = CJK.split(value, maxsplit=1)[0]
        elif not match["told"]:  # 提取码见评论: no code, but words about one
            continue
        value = value.rstrip(".)]}*_")
        if value and value.casefold() not in NONE and not BEHIND.fullmatch(value):
            yield _Found(match.start(), match.end(), value)


def _find_in_query(url: str) -> str:
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return ""
    return next((query[name][0] for name in query if name.lower() in IN_QUERY), "")
