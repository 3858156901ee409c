"""The tab 模型: what can be downloaded, how it stands, and files that are brought by hand."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.domain.errors import HeyGemError
from heygem.downloads.import_task import ImportTask
from heygem.downloads.importing import ImportMode
from heygem.downloads.manager import ModelManager
from heygem.downloads.region import Region
from heygem.engines.model_files import shipped_bytes
from heygem.jobs.batch_sources import resolve_inside
from heygem.web.item_list import Action, Shown, build_list_update, build_update, item_list
from heygem.web.labels import Labels
from heygem.web.media_drop import Handful, drop_texts, files_drop
from heygem.web.models_cards import model_rows, models_head
from heygem.web.session import QUIET, BrowserSession

POLL_S: Final = 1.0
MODEL_TYPES: Final = ".pth,.pt,.ckpt,.safetensors,.onnx,.task,.bin"


@dataclass(frozen=True)
class ModelsSeen:
    """What one browser shows."""

    shown: Shown = field(default_factory=Shown)
    head: str = ""


class ModelsTab:
    """`inputs_dir` is the one folder of this machine whose files may be named."""

    def __init__(
        self, manager: ModelManager, inputs_dir: Path, max_upload_bytes: int, labels: Labels, session: BrowserSession
    ) -> None:
        self._manager = manager
        self._inputs_dir = inputs_dir
        self._max_upload_bytes = max_upload_bytes
        self._labels = labels
        self._session = session
        self._imports = ImportTask(manager)
        self._actions: Mapping[str, Callable[[str], object]] = {
            "fetch": self._fetch,
            "pause": manager.pause,
            "cancel": manager.cancel,
            "verify": manager.verify,
            "repair": manager.repair,
            "remove": manager.remove,
            "import-cancel": lambda _: self._imports.cancel(),
            "import-close": lambda _: self._imports.dismiss(),
        }

    def render(self) -> None:
        make = self._labels.make
        with make(gr.Tab, {"label": "page.models"}, id="models"):
            self.list = make(item_list, {"label": "models.list"}, elem_id="models")
            self.region = make(
                gr.Radio, {"label": "models.region", "choices": region_choices, "info": "models.region_hint"},
                value=self._manager.region, elem_id="region",
            )  # fmt: skip
            with make(gr.Accordion, {"label": "models.import"}, open=False, elem_id="import"):
                self.drop = make(
                    files_drop, {"texts": lambda tr: drop_texts("models", tr)}, accept=MODEL_TYPES,
                    max_bytes=self._max_upload_bytes, ready=True, elem_id="model-files",
                )  # fmt: skip
                with gr.Row():
                    self.place = make(
                        gr.Textbox, {"label": "models.place", "placeholder": "models.place_hint"}, max_lines=1, value=""
                    )
                    self.take = make(gr.Button, {"value": "models.take"}, scale=0, min_width=120)
            self.timer = gr.Timer(POLL_S, active=False)
            self.view_state = gr.State(ModelsSeen())

    def wire(self) -> None:
        language, tab, state = self._session.language, self._session.tab, self.view_state
        inputs, shown = [tab, language, state], [self.list, self.timer, state]
        looks: dict[str, Any] = {"fn": self.view, "inputs": inputs, "outputs": shown, **QUIET}
        self._session.follow(self.view, inputs, shown)
        self.timer.tick(trigger_mode="always_last", **looks)
        self.list.act(self.act, inputs, shown, trigger_mode="multiple", **QUIET)
        self.list.stale(self.view_anew, inputs, shown, trigger_mode="always_last", **QUIET)
        self.region.input(lambda region: self._manager.set_region(Region(region)), self.region, None, **QUIET)
        self._session.follow(lambda: gr.update(value=self._manager.region), [], [self.region], tab="models")
        self.drop.arrived(self.take_uploads, self.drop, self.drop, **QUIET).then(**looks)
        self.take.click(self.take_place, [self.place, language], self.place, **QUIET).then(**looks)

    def view(self, tab: str, language: str, seen: ModelsSeen) -> tuple[Any, Any, ModelsSeen]:
        """List, timer, state: whatever has changed; nothing while another tab is open."""
        if tab != "models":
            return gr.skip(), gr.update(active=False), seen
        tr, snapshot = self._session.translator(language), self._manager.snapshot()
        rows = model_rows(snapshot, self._imports.view, shipped_bytes(self._manager.store.folder), tr)
        value, shown = build_update(rows, seen.shown)
        head = models_head(snapshot, tr)
        return build_list_update(value, head, seen.head), gr.update(active=True), ModelsSeen(shown, head)

    def view_anew(self, tab: str, language: str, seen: ModelsSeen) -> tuple[Any, Any, ModelsSeen]:
        """For a browser that has missed an update."""
        return self.view(tab, language, replace(seen, shown=Shown(), head=""))

    def act(self, event: gr.EventData, tab: str, language: str, seen: ModelsSeen) -> tuple[Any, Any, ModelsSeen]:
        action = Action.read(event)
        try:
            if action.name in self._actions:
                self._actions[action.name](action.key)
        except HeyGemError as error:
            self._warn(error, self._session.translator(language))
        return self.view(tab, language, seen)

    def take_uploads(self, value: object) -> Any:
        """They lie in a cache of uploads, from where they are moved."""
        handful = Handful.read(value)
        folders = [path.parent for path in handful.paths]

        def clean_up() -> None:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

        self._imports.add(handful.paths, ImportMode.MOVE, clean_up)
        return gr.update(taken=handful.number)

    def take_place(self, name: str, language: str) -> str:
        """The field's next text: empty once it is taken."""
        try:
            if name.strip():
                self._imports.add([resolve_inside(self._inputs_dir, name.strip())], ImportMode.COPY)
        except HeyGemError as error:
            self._warn(error, self._session.translator(language))
            return name
        return ""

    def _fetch(self, name: str) -> None:
        """The button says that it agrees to the licence, where one must be agreed to."""
        self._manager.accept_licence(name)
        self._manager.start(name)

    def _warn(self, error: HeyGemError, tr: Translator) -> None:
        gr.Warning(tr.explain(error), title=tr("models.refused"))


def region_choices(tr: Translator) -> list[tuple[str, str]]:
    return [(tr(f"region.{region}"), str(region)) for region in Region]
