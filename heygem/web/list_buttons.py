"""Buttons in the rows and the head of an item_list, which acts as their data says. Pure."""

from html import escape


def text_tool(action: str, text: str, more: str = "", *, is_on: bool = True) -> str:
    """`more` is further attributes, written out: data-ask, data-forget, data-needs-checked."""
    off = "" if is_on else " disabled"
    return f'<button type="button" class="hg-tool" data-action="{action}"{more}{off}>{escape(text)}</button>'


def icon_tool(icon: str, text: str, more: str = "", *, action: str = "", is_pressed: bool | None = None) -> str:
    """`action` is the icon's name where it is not given; `is_pressed` for a button that stays down."""
    said = escape(text)
    pressed = "" if is_pressed is None else f' aria-pressed="{str(is_pressed).lower()}"'
    return (
        f'<button type="button" class="hg-tool hg-icon" data-icon="{icon}" data-action="{action or icon}" '
        f'title="{said}" aria-label="{said}"{pressed}{more}></button>'
    )
