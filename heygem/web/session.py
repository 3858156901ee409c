"""What one browser remembers across reloads: its job and its language."""

from dataclasses import dataclass
from typing import Final

import gradio as gr

from heygem.config.strings import LANGUAGES, Language, Translator

# gradio scrambles what it stores with this; it hides nothing, it must only stay the same from one start to the next.
_SCRAMBLE: Final = "heygem-page"


@dataclass(frozen=True)
class BrowserSession:
    """`job` holds a job's id or "", `language` a Language. One browser never learns another's job id."""

    job: gr.BrowserState
    language: gr.BrowserState
    default_language: Language

    @classmethod
    def open(cls, default_language: Language) -> "BrowserSession":
        """Must be called inside gr.Blocks."""
        return cls(
            job=gr.BrowserState("", storage_key="heygem-job", secret=_SCRAMBLE),
            language=gr.BrowserState(default_language, storage_key="heygem-language", secret=_SCRAMBLE),
            default_language=default_language,
        )

    def translator(self, language: object) -> Translator:
        """For what a browser says its language is, which may be anything."""
        known = next((name for name in LANGUAGES if name == language), self.default_language)
        return Translator(known)
