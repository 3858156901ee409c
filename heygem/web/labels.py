"""Which component shows which string in which property, so that one handler can put the page into another language."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import gradio as gr
from gradio.blocks import Block

from heygem.config.strings import Translator

Text: TypeAlias = str | Callable[[Translator], object]  # a key of strings.toml, or what builds the property
B = TypeVar("B", bound=Block)


class Labels:
    """Makes components in the first language and remembers how to say them again."""

    def __init__(self, first: Translator) -> None:
        self._first = first
        self._rows: list[tuple[Block, Mapping[str, Text], Mapping[str, Any]]] = []

    def make(self, kind: Callable[..., B], texts: Mapping[str, Text], /, **options: Any) -> B:
        """A `kind` whose properties named in `texts` follow the language."""
        component = kind(**_read(texts, self._first), **options)
        # Of an HTML that has not been on screen yet, an update replaces all the properties of its own.
        own = getattr(component, "props", {})
        self._rows.append((component, texts, {name: value for name, value in options.items() if name in own}))
        return component

    @property
    def components(self) -> list[Block]:
        return [component for component, _, _ in self._rows]

    def updates(self, tr: Translator) -> list[dict[str, Any]]:
        """One update for each of `components`, in their order."""
        return [gr.update(**_read(texts, tr), **kept) for _, texts, kept in self._rows]


def _read(texts: Mapping[str, Text], tr: Translator) -> dict[str, Any]:
    return {name: tr(text) if isinstance(text, str) else text(tr) for name, text in texts.items()}
