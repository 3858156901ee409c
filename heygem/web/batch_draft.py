"""The upper half of the tab 批量处理: files from many sources, the list of them, the preview of one, and the start."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import gradio as gr

from heygem.domain.errors import HeyGemError
from heygem.domain.inspection import MediaKind
from heygem.jobs.batch_plan import check_complete
from heygem.jobs.drafts import Drafts
from heygem.web import batch_table as table
from heygem.web.address import url_of
from heygem.web.cards import notice_card, refusal_card
from heygem.web.engine_box import EngineBox, read_engine
from heygem.web.face_box import FaceBox, read_face
from heygem.web.item_list import Action, Shown, build_list_update, build_update, item_list, skip_same
from heygem.web.labels import Labels
from heygem.web.media_drop import ASSETS, PERSON_TYPES, TABLE_TYPES, VOICE_TYPES, Handful, drop_texts, files_drop
from heygem.web.session import QUIET, BrowserSession

POLL_S: Final = 0.8
PREVIEW_SCRIPT: Final = (ASSETS / "preview.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class DraftView:
    """What one browser shows: its list, the chosen file's id, and the texts as it was last sent them."""

    shown: Shown = field(default_factory=Shown)
    picked: str = ""
    head: str = ""
    preview: str = ""
    plan: str = ""


class DraftPanel:
    def __init__(
        self, drafts: Drafts, max_upload_bytes: int, labels: Labels, session: BrowserSession, engine: EngineBox
    ) -> None:
        self._drafts = drafts
        self._max_upload_bytes = max_upload_bytes
        self._labels = labels
        self._session = session
        self._face = FaceBox(labels)
        self._engine = engine

    def render(self) -> None:
        make = self._labels.make
        with gr.Row(elem_classes="hg-inputs", equal_height=True):
            self.voices = self._drop("voices", VOICE_TYPES)
            self.people = self._drop("people", f"{PERSON_TYPES},{TABLE_TYPES}")
        self._render_folder()
        with gr.Row(elem_classes="hg-draft"):
            self.list = make(item_list, {"label": "draft.list"}, elem_id="draft", scale=3, min_width=300)
            self.preview = gr.HTML(
                elem_id="preview", apply_default_css=False, js_on_load=PREVIEW_SCRIPT, scale=2, min_width=260
            )
        with make(gr.Accordion, {"label": "batch.options"}, open=False, elem_id="options"):
            with gr.Row():
                self.name = make(
                    gr.Textbox, {"label": "batch.name", "placeholder": "batch.name_hint"}, value="", max_lines=1
                )
                self.project = make(gr.Textbox, {"label": "batch.project"}, value="", max_lines=1)
            self._face.render()
            self._engine.render()
        self.notice = gr.HTML(elem_id="batch-notice", apply_default_css=False)
        self.plan = gr.HTML(elem_id="plan", apply_default_css=False)
        self.start = make(gr.Button, {"value": "batch.start"}, variant="primary", size="lg", elem_id="start-batch")
        self.timer = gr.Timer(POLL_S, active=False)
        self.view_state = gr.State(DraftView())
        self.begun_id = gr.State("")  # of the last batch of this browser

    def wire(self) -> None:
        owner, language, state = self._session.owner, self._session.language, self.view_state
        shown = [self.list, self.preview, self.plan, self.timer, state]
        looks: dict[str, Any] = {"fn": self.view, "inputs": [owner, language, state], "outputs": shown, **QUIET}
        self._session.follow(self.view, looks["inputs"], shown, tab="batch")
        self.timer.tick(trigger_mode="always_last", **looks)
        for drop, kind in ((self.voices, MediaKind.VOICE), (self.people, MediaKind.PERSON)):
            # The next handful may come while the answer to the last one is still being drawn.
            drop.arrived(
                self._adder(kind), [drop, owner, language], [drop, self.notice], trigger_mode="multiple", **QUIET
            ).then(**looks)
        self.add_folder.click(self.add_from_folder, [self.folder, owner, language], self.notice, **QUIET).then(**looks)
        self.list.act(self.act, [owner, language, state], shown, trigger_mode="multiple", **QUIET)
        self.list.stale(self.view_anew, [owner, language, state], shown, trigger_mode="always_last", **QUIET)
        self.begun = self.start.click(
            self.start_batch,
            [
                self.name,
                self.project,
                self._face.rule,
                self._face.number,
                self._engine.name,
                owner,
                language,
                self._session.signature,
            ],
            [self.begun_id, self.name, self.notice],
            **QUIET,
        )
        self.begun.then(**looks)
        # What arrives before it is known whose it is would be nobody's.
        for drop in (self.voices, self.people):
            drop.born(lambda owner: gr.update(ready=bool(owner)), owner, drop, trigger_mode="once", **QUIET)
        self._session.follow(self.list_folders, [], [self.folder], tab="batch")
        self._face.wire()

    def view(self, owner: str, language: str, view: DraftView) -> tuple[Any, ...]:
        """List, preview, plan, timer, state: whatever has changed since `view`."""
        tr, items = self._session.translator(language), self._drafts.list_items(owner)
        value, shown = build_update(table.draft_rows(items, tr), view.shown)
        head, plan = table.draft_head(items, tr), table.plan_line(items, tr)
        picked = next((item for item in items if item.item_id == view.picked), None)
        preview = table.preview_card(picked, tr, url_of(picked.path) if picked else "")
        is_looking = any(item.inspection is None and item.error is None for item in items)
        return (
            build_list_update(value, head, view.head),
            skip_same(preview, view.preview),
            skip_same(plan, view.plan),
            gr.update(active=is_looking),
            replace(view, shown=shown, head=head, preview=preview, plan=plan),
        )

    def act(self, event: gr.EventData, owner: str, language: str, view: DraftView) -> tuple[Any, ...]:
        action = Action.read(event)
        if action.name == "pick":
            view = replace(view, picked=action.key)
        elif action.name == "clear":
            self._drafts.clear(owner)
        elif action.name in ("remove", "remove-checked"):
            self._drafts.remove(owner, [action.key] if action.key else action.checked)
        return self.view(owner, language, view)

    def view_anew(self, owner: str, language: str, view: DraftView) -> tuple[Any, ...]:
        """For a browser that has missed an update."""
        return self.view(owner, language, DraftView(picked=view.picked))

    def add_from_folder(self, folder: str | None, owner: str, language: str) -> str:
        return self._told(language, lambda: self._drafts.add_folder(owner, folder or ""))

    def list_folders(self) -> Any:
        return gr.update(choices=self._drafts.list_folders())

    def start_batch(
        self,
        name: str,
        project: str,
        rule: str,
        number: int,
        engine: str | None,
        owner: str,
        language: str,
        signature: str,
    ) -> tuple[Any, Any, str]:
        """The new batch's id, an empty name for the next one, and a notice where there is no batch."""
        tr = self._session.translator(language)
        try:
            check_complete(self._drafts.list_items(owner), tr)
            face, chosen = read_face(rule, number), read_engine(engine)
            return self._drafts.start(owner, name, project, face, chosen, str(signature)), "", ""
        except HeyGemError as error:
            return gr.skip(), gr.skip(), refusal_card(error, tr)

    def _adder(self, kind: MediaKind) -> Callable[[object, str, str], tuple[Any, str]]:
        def add(value: object, owner: str, language: str) -> tuple[Any, str]:
            handful = Handful.read(value)
            notice = self._told(language, lambda: self._drafts.add_uploads(owner, kind, handful.paths))
            return gr.update(taken=handful.number), notice

        return add

    def _told(self, language: str, action: Callable[[], None]) -> str:
        """A notice that says why `action` could not be done; empty where it was."""
        try:
            action()
        except HeyGemError as error:
            return notice_card("warning", self._session.translator(language).explain(error))
        return ""

    def _render_folder(self) -> None:
        make = self._labels.make
        with make(gr.Accordion, {"label": "batch.folder"}, open=False, elem_id="folder"), gr.Row():
            self.folder = make(
                gr.Dropdown, {"label": "batch.folder_label", "info": "batch.folder_hint"}, choices=[], scale=4
            )
            self.add_folder = make(gr.Button, {"value": "batch.folder_add"}, scale=1, min_width=120)

    def _drop(self, name: str, accept: str) -> gr.HTML:
        return self._labels.make(
            files_drop,
            {"texts": lambda tr: drop_texts(name, tr)},
            accept=accept,
            max_bytes=self._max_upload_bytes,
            elem_id=name,
        )
