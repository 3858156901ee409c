"""A list of rows that keeps its place, its checked rows and its focus while they change: only changed rows are sent.

A row is HTML with a key; the script in assets/item_list.js puts it in place. Knows nothing of what the rows show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import gradio as gr

ASSETS: Final = Path(__file__).with_name("assets")


@dataclass(frozen=True)
class Row:
    """`kind` becomes the row's data-kind, for the style sheet."""

    key: str
    html: str
    kind: str = "item"


@dataclass(frozen=True)
class Shown:
    """What one browser's list shows: its version, "" for nothing yet, the order of its rows, and their digests.

    The version tells its content: of two answers that overtake one another, the browser sees that the later one was
    built on something else, and asks for the whole list.
    """

    version: str = ""
    order: tuple[str, ...] = ()
    digests: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """What a user asked for by a button, a key or a click in the list. `checked` are the keys of the checked rows."""

    name: str
    key: str
    checked: tuple[str, ...]
    text: str = ""  # what was entered or chosen in a field

    @classmethod
    def read(cls, event: gr.EventData) -> "Action":
        """Of an `act` event, whose words come from the browser and may be anything."""
        data: dict[str, Any] = event._data if isinstance(event._data, dict) else {}
        checked = data.get("checked")
        keys = checked if isinstance(checked, list) else []
        name, key, text = (str(data.get(part, "")) for part in ("action", "key", "text"))
        return cls(name, key, tuple(str(key) for key in keys), text)


def item_list(*, label: str, head: str = "", **options: Any) -> gr.HTML:
    """Triggers `act` with an Action, and `stale` when the browser has missed an update and needs the whole list.

    `label` is for screen readers; `head` is HTML above the rows, whose buttons act as those in the rows do.
    """
    return gr.HTML(
        html_template=(ASSETS / "item_list.html").read_text(encoding="utf-8"),
        js_on_load=(ASSETS / "item_list.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        label=label,
        head_html=head,
        **options,
    )


def build_update(rows: Sequence[Row], shown: Shown, scope: str = "") -> tuple[dict[str, Any] | None, Shown]:
    """The list's next value, None where nothing has changed, and what the browser shows from then on.

    Where a `scope` is given, rows that go stay checked, as on another page, until the scope is another.
    """
    order = tuple(row.key for row in rows)
    digests = {row.key: hash((row.kind, row.html)) for row in rows}
    if shown.version and order == shown.order and digests == shown.digests:
        return None, shown
    changed = {row.key: [row.kind, row.html] for row in rows if shown.digests.get(row.key) != digests[row.key]}
    then = Shown(f"{hash((scope, order, tuple(digests.values()))):x}", order, digests)
    value = {"base": shown.version, "version": then.version, "scope": scope, "order": list(order), "rows": changed}
    return value, then


def build_list_update(value: dict[str, Any] | None, head: str, head_before: str) -> Any:
    """What of an item_list has changed: its value (not where that is None), its head."""
    changes: dict[str, Any] = {} if value is None else {"value": value}
    if head != head_before:
        changes["head_html"] = head
    return gr.update(**changes) if changes else gr.skip()


def skip_same(now: str, before: str) -> Any:
    """`now`, unless the browser has it already."""
    return gr.skip() if now == before else now
