"""What one browser remembers across reloads: who it is, how it signs, its job, its tab and its language."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

import gradio as gr

from heygem.config.strings import LANGUAGES, Language, Translator

# How the page's own handlers listen: at once, without a veil over what they change, and for no program.
QUIET: Final[dict[str, Any]] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# gradio scrambles what it stores with this; it hides nothing, it must only stay the same from one start to the next.
_SCRAMBLE: Final = "heygem-page"


@dataclass(frozen=True)
class BrowserSession:
    """`owner` is a random id, "" until the page has loaded; `signature` is the name that videos are filed under, ""
    for the setting's; `job` a job's id or ""; `tab` the open tab's id.
    """

    owner: gr.BrowserState
    signature: gr.BrowserState
    job: gr.BrowserState
    tab: gr.BrowserState
    language: gr.BrowserState
    default_language: Language

    @classmethod
    def open(cls, default_language: Language) -> "BrowserSession":
        """Must be called inside gr.Blocks."""
        return cls(
            owner=gr.BrowserState("", storage_key="heygem-owner", secret=_SCRAMBLE),
            signature=gr.BrowserState("", storage_key="heygem-signature", secret=_SCRAMBLE),
            job=gr.BrowserState("", storage_key="heygem-job", secret=_SCRAMBLE),
            tab=gr.BrowserState("batch", storage_key="heygem-tab", secret=_SCRAMBLE),
            language=gr.BrowserState(default_language, storage_key="heygem-language", secret=_SCRAMBLE),
            default_language=default_language,
        )

    def wire(self, page: gr.Blocks) -> None:
        """Gives a new browser its id."""
        page.load(
            lambda owner: owner or uuid.uuid4().hex, self.owner, self.owner,
            queue=False, show_progress="hidden", api_visibility="private",
        )  # fmt: skip

    def translator(self, language: object) -> Translator:
        """For what a browser says its language is, which may be anything."""
        known = next((name for name in LANGUAGES if name == language), self.default_language)
        return Translator(known)
