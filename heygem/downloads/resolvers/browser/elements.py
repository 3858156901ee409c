"""What stands on a page that a browser shows: fields, buttons, captchas, and the words on them."""

import re
from typing import TYPE_CHECKING, Final

from heygem.domain.models import find_host
from heygem.downloads.resolvers.share_html import CAPTCHA, CODE_NAME, TELLING, is_captcha

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Page

INPUTS: Final = "input:visible"
BUTTONS: Final = (
    "a:visible, button:visible, [role=button]:visible, input[type=submit]:visible, input[type=button]:visible"
)
CLICKABLE: Final = f"{BUTTONS}, [onclick]:visible, [class*=download]:visible"
SENDS: Final = re.compile(
    r"提取|确定|确认|提交|进入|查看|访问|解锁|submit|confirm|unlock|ok\b|enter|access", re.IGNORECASE
)
LEVELS: Final = 5  # around a field in which its button is looked for


def find_code_input(page: "Page", host: str) -> "ElementHandle | None":
    """On the share's own host alone, not in what others show in frames of its page."""
    for field in list_all(page, INPUTS):
        frame = field.owner_frame()
        if find_host(frame.url if frame else "") not in ("", host):  # a frame without an address is the page's own
            continue
        words = read_words(field)
        kind = field.get_attribute("type") or "text"
        is_named = kind in ("text", "tel", "number") and bool(CODE_NAME.search(words))
        if (kind == "password" or is_named) and not is_captcha(words):
            return field
    return None


def list_all(page: "Page", selector: str) -> "list[ElementHandle]":
    """In the page and in the frames in it. Handles, not locators: those wait for what has meanwhile gone."""
    return [node for frame in page.frames for node in frame.query_selector_all(selector)]


def has_captcha(page: "Page") -> bool:
    """Whether one is shown; many pages have one ready that few see."""
    shown = any(node.is_visible() for node in list_all(page, CAPTCHA))
    return shown or any(is_captcha(read_words(field)) for field in list_all(page, INPUTS))


def find_send_button(field: "ElementHandle") -> "ElementHandle | None":
    """Of the smallest part of the page around a field that has one which sends."""
    around: ElementHandle | None = field
    for _ in range(LEVELS):
        around = around.query_selector("xpath=..") if around else None
        buttons = around.query_selector_all(BUTTONS) if around else []
        if found := next((each for each in buttons if SENDS.search(read_words(each))), None):
            return found
    return None


def identify(button: "ElementHandle") -> str:
    frame = button.owner_frame()
    return f"{frame.url if frame else ''} {read_words(button)} {button.get_attribute('href') or ''}"


def read_words(node: "ElementHandle") -> str:
    """What it says of itself to people and to programs."""
    told: object = node.evaluate(
        "(node, names) => [node.innerText || '', ...names.map(name => node.getAttribute(name) || '')].join(' ')",
        list(TELLING),
    )
    return str(told)
