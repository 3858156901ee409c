"""The choice of a face among several: by rule, or by a number counted from the left."""

from typing import Any, Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.domain.job import FaceChoice, FaceRule
from heygem.web.labels import Labels

FACE_NUMBERS: Final = list(range(1, 21))


class FaceBox:
    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def render(self) -> None:
        make = self._labels.make
        with gr.Row():
            self.rule = make(
                gr.Radio, {"choices": face_choices, "info": "page.face_hint"}, value="largest", show_label=False
            )
            # A list, since a number field's own complaint about a number out of range knows one language.
            self.number = make(
                gr.Dropdown, {"label": "page.face_number"}, choices=FACE_NUMBERS, value=1, filterable=False,
                visible=False, min_width=120,
            )  # fmt: skip

    def wire(self) -> None:
        quiet: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        self.rule.change(lambda rule: gr.update(visible=rule == FaceRule.NUMBER), self.rule, self.number, **quiet)


def read_face(rule: str, number: int) -> FaceChoice:
    """Raises FaceChoiceError."""
    return FaceChoice.parse(str(number) if rule == FaceRule.NUMBER else rule)


def face_choices(tr: Translator) -> list[tuple[str, str]]:
    return [(tr(f"face.{rule}"), str(rule)) for rule in FaceRule]
