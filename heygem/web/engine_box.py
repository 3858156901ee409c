"""The choice of what paints the mouths, among the engines whose weights are there."""

from pathlib import Path

import gradio as gr

from heygem.config.strings import Translator
from heygem.domain.job import EngineName
from heygem.engines.model_files import list_engines
from heygem.web.labels import Labels


class EngineBox:
    """`usual` is chosen at first, where it can be had. A page that is loaded anew knows of weights that have come."""

    def __init__(self, models: Path, usual: EngineName, labels: Labels) -> None:
        self._models = models
        self._usual = usual
        self._labels = labels

    def render(self) -> None:
        there = list_engines(self._models)
        self.name = self._labels.make(
            gr.Radio,
            {"label": "engine.title", "choices": self._build_choices, "info": self._choose_hint},
            value=self._usual if self._usual in there else EngineName.EMBEDDED,
            elem_classes="hg-engine",
        )

    def _build_choices(self, tr: Translator) -> list[tuple[str, str]]:
        return [(tr(f"engine.{name}"), str(name)) for name in list_engines(self._models)]

    def _choose_hint(self, tr: Translator) -> str:
        is_complete = len(list_engines(self._models)) == len(EngineName)
        return tr("engine.hint" if is_complete else "engine.more")


def read_engine(name: str | None) -> EngineName:
    """Of what the browser says, which is one of the choices."""
    return EngineName(name or EngineName.EMBEDDED)
