"""The field 署名 in the page's head: whose name this browser's videos bear. Kept by the browser."""

from html import escape
from typing import Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.web.labels import Labels
from heygem.web.session import BrowserSession

MOST_LETTERS: Final = 40
# By the browser alone, before any button can be reached. It does not remember what is empty: hence the space.
_KEEP: Final = "(text) => text || ' '"
_SHOW: Final = "(kept, typed) => typed || kept.trim()"  # who is quicker than the page is not overruled


class SignatureBox:
    def __init__(self, default: str, labels: Labels, session: BrowserSession) -> None:
        """`default` is what stands for an empty field."""
        self._default = default
        self._labels = labels
        self._session = session

    def render(self) -> None:
        make = self._labels.make
        with gr.Row(elem_id="signature"):
            make(gr.HTML, {"value": self._caption}, apply_default_css=False)
            self.field = make(
                gr.Textbox, {"label": "page.signature"}, placeholder=self._default, value="", max_lines=1,
                max_length=MOST_LETTERS, show_label=False, container=False, min_width=90,
            )  # fmt: skip

    def wire(self, page: gr.Blocks) -> None:
        kept = self._session.signature
        self.field.change(None, self.field, kept, js=_KEEP, api_visibility="private")
        page.load(None, [kept, self.field], self.field, js=_SHOW, api_visibility="private")

    def _caption(self, tr: Translator) -> str:
        hint = tr("page.signature_hint", default=self._default)
        return f'<span class="hg-caption" title="{escape(hint)}">{escape(tr("page.signature"))}</span>'
