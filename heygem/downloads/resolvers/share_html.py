"""What a share's page says: its forms, what may be the download, a captcha, that it is over. Alone it knows bs4."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from heygem.domain.models import ModelFile
from heygem.downloads.resolvers.listing import base_name

CODE_NAME: Final = re.compile(r"pass|pwd|code|secret|extract|提取码|访问码|密码|口令", re.IGNORECASE)
CAPTCHA_NAME: Final = re.compile(r"captcha|verify_?code|vcode|geetest|验证码", re.IGNORECASE)
CAPTCHA: Final = (
    ".g-recaptcha, .h-captcha, .cf-turnstile, #challenge-form, [class*=geetest], [id*=captcha], [class*=captcha], "
    "iframe[src*=recaptcha], iframe[src*=hcaptcha], iframe[src*=turnstile], img[src*=captcha]"
)
DOWNLOAD: Final = re.compile(r"下载|下載|download|get\s*file|保存到本地", re.IGNORECASE)
OTHER_DOWNLOAD: Final = re.compile(r"客户端|app\b|client|install|安装|浏览器|\.apk|\.exe|\.dmg", re.IGNORECASE)
WRONG: Final = re.compile(
    r"(提取码|访问码|密码|口令)\s*(错误|不正确|不对|有误)|(wrong|incorrect|invalid)\s+(pass|code|extraction)",
    re.IGNORECASE,
)
OVER: Final = re.compile(
    r"(分享|链接|文件)[^。，,.]{0,6}(已?过期|已?失效|已?被?取消|不存在|已?被?删除)"
    r"|(share|link|file)\b.{0,20}\b(expired|was removed|no longer|does not exist|has been (removed|deleted))",
    re.IGNORECASE,
)
TYPED: Final = ("text", "email", "tel", "password", "number", "search", "")
PRESSED: Final = ("submit", "button", "image", "reset")
# The attributes in which a field, a button or a link says what it is for.
TELLING: Final = ("name", "id", "class", "placeholder", "title", "value", "aria-label", "download")


@dataclass(frozen=True)
class Form:
    """`fields` are what a browser would send if nothing were typed; `code_name` is the field for the code, if any."""

    action: str
    method: str
    is_multipart: bool
    fields: dict[str, str] = field(repr=False)
    code_name: str = ""
    is_login: bool = False
    is_download: bool = False


@dataclass(frozen=True)
class Candidate:
    """`score` says how much it looks like the wanted file's download; 0 not at all."""

    url: str = field(repr=False)
    score: int


@dataclass(frozen=True)
class SharePage:
    """`candidates` come best first; `refresh` is where the page leads on by itself."""

    forms: tuple[Form, ...]
    candidates: tuple[Candidate, ...]
    has_captcha: bool
    is_wrong: bool
    is_over: bool
    has_scripts: bool
    refresh: str = ""

    @property
    def code_form(self) -> Form | None:
        return next((form for form in self.forms if form.code_name), None)

    @property
    def download_form(self) -> Form | None:
        return next((form for form in self.forms if form.is_download and not form.code_name), None)


def read_share_page(html: bytes, url: str, wanted: ModelFile) -> SharePage:
    """Never fails: what is not HTML has nothing of all that."""
    soup = BeautifulSoup(html, "html.parser")
    base = urljoin(url, _get(soup.select_one("base[href]"), "href"))
    has_scripts = bool(soup.select("script"))
    forms = tuple(_read_form(node, base) for node in soup.select("form"))
    candidates = sorted(_list_candidates(soup, base, wanted), key=lambda each: -each.score)
    has_captcha = bool(soup.select(CAPTCHA)) or any(is_captcha(_words(node)) for node in soup.select("input"))
    refresh = _find_refresh(soup, base)
    for node in soup.select("script, style, template"):
        node.decompose()
    text = soup.get_text(" ", strip=True)
    return SharePage(
        forms, tuple(candidates), has_captcha, bool(WRONG.search(text)), bool(OVER.search(text)), has_scripts, refresh
    )


def is_download(words: str) -> bool:
    """Whether words of a link or a button promise the file, and not some program to fetch it with."""
    return bool(DOWNLOAD.search(words)) and not OTHER_DOWNLOAD.search(words)


def is_captcha(words: str) -> bool:
    """Whether words of a field ask who types for a proof of being human."""
    return bool(CAPTCHA_NAME.search(words))


def _read_form(node: Tag, base: str) -> Form:
    inputs = node.select("input")
    hidden = {_get(each, "name"): _get(each, "value") for each in inputs if _is_sent(each)}
    fields = {name: value for name, value in {**hidden, **_read_choices(node)}.items() if name}
    typed = [each for each in inputs if _get(each, "type").lower() in TYPED and _get(each, "name")]
    codes = [each for each in typed if _is_code(each)]
    codes.sort(key=lambda each: _get(each, "type").lower() != "password")
    buttons = [each for each in node.select("button, input") if _is_pressed(each)]
    pressed = next((each for each in buttons if _get(each, "name")), None)
    if pressed is not None:
        fields[_get(pressed, "name")] = _get(pressed, "value")
    return Form(
        action=urljoin(base, _get(node, "action")),
        method=_get(node, "method").upper() or "GET",
        is_multipart="multipart" in _get(node, "enctype").lower(),
        fields=fields,
        code_name=_get(codes[0], "name") if codes else "",
        is_login=any(each not in codes for each in typed) and bool(codes),
        is_download=not typed and any(is_download(_words(each)) for each in [node, *buttons]),
    )


def _is_sent(node: Tag) -> bool:
    kind = _get(node, "type").lower()
    return kind not in PRESSED and kind != "file" and (kind not in ("checkbox", "radio") or node.has_attr("checked"))


def _is_pressed(node: Tag) -> bool:
    kind = _get(node, "type").lower()
    return kind in ("submit", "image") or (node.name == "button" and kind in ("submit", ""))


def _is_code(node: Tag) -> bool:
    words = _words(node)
    is_named = _get(node, "type").lower() == "password" or bool(CODE_NAME.search(words))
    return is_named and not is_captcha(words)


def _read_choices(node: Tag) -> dict[str, str]:
    """Of lists, the first entry or the one that is marked."""
    chosen = {}
    for select in node.select("select"):
        option = select.select_one("option[selected]") or select.select_one("option")
        chosen[_get(select, "name")] = _get(option, "value")
    return chosen


def _list_candidates(soup: BeautifulSoup, base: str, wanted: ModelFile) -> Iterator[Candidate]:
    seen: set[str] = set()
    for node in soup.select("a[href], [data-url], [data-href], [data-link], iframe[src], area[href]"):
        for name in ("href", "data-url", "data-href", "data-link", "src"):
            url = urljoin(base, _get(node, name).strip()) if _get(node, name) else ""
            if url.startswith(("http://", "https://")) and url.partition("#")[0] not in seen | {base.partition("#")[0]}:
                seen.add(url.partition("#")[0])
                if score := _score(url, node, wanted):
                    yield Candidate(url.partition("#")[0], score)


def _score(url: str, node: Tag, wanted: ModelFile) -> int:
    """By the wanted file's name, by words for a download, by the name's ending."""
    name = base_name(wanted.path).casefold()
    ending = f".{name.rpartition('.')[2]}" if "." in name else ""
    parts = urlsplit(url)
    in_url = [base_name(unquote(parts.path)), *(base_name(value) for _, value in parse_qsl(parts.query))]
    words = _words(node)
    is_named = name in [each.casefold() for each in in_url] or name in words.casefold()
    ends = bool(ending) and any(each.casefold().endswith(ending) for each in in_url)
    if OTHER_DOWNLOAD.search(f"{words} {parts.path}") and not is_named:
        return 0
    return 100 * is_named + 60 * (is_download(words) or node.has_attr("download")) + 40 * ends


def _words(node: Tag) -> str:
    """What it says of itself to people and to programs."""
    return " ".join([node.get_text(" ", strip=True), *(_get(node, name) for name in TELLING)])


def _find_refresh(soup: BeautifulSoup, base: str) -> str:
    for node in soup.select("meta[http-equiv]"):
        found = re.fullmatch(
            r"\s*[\d.]+\s*[;,]\s*url\s*=\s*[\"']?([^\"']+)[\"']?\s*", _get(node, "content"), re.IGNORECASE
        )
        if _get(node, "http-equiv").lower() == "refresh" and found:
            return urljoin(base, str(found.group(1)).strip())
    return ""


def _get(node: Tag | None, name: str) -> str:
    """An attribute as text, empty where there is none."""
    value: object = node.get(name) if node is not None else None
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
