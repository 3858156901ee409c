"""The tab 单个生成: one voice, one person, one video."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.domain.errors import HeyGemError, InputMissingError, JobNotFoundError
from heygem.domain.job import EngineName, FaceChoice, JobStatus, LipSyncRequest, NewJob
from heygem.jobs.batch_plan import plan_request
from heygem.jobs.inputs import InputStore
from heygem.jobs.naming import OutputNamer
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.web.cards import job_card, notice_card, refusal_card
from heygem.web.engine_box import EngineBox, read_engine
from heygem.web.face_box import FaceBox, read_face
from heygem.web.finished import GONE, FinishedVideo, find_finished
from heygem.web.labels import Labels
from heygem.web.media_drop import ASSETS, PERSON_TYPES, VOICE_TYPES, drop_texts, get_upload, media_drop
from heygem.web.preview import Preview, preview_person, preview_voice
from heygem.web.session import QUIET, BrowserSession

POLL_S: Final = 0.7
CARD_SCRIPT: Final = (ASSETS / "job_card.js").read_text(encoding="utf-8")


class SingleTab:
    def __init__(
        self,
        queue: JobQueue,
        library: Library,
        store: InputStore,
        namer: OutputNamer,
        max_upload_bytes: int,
        labels: Labels,
        session: BrowserSession,
        engine: EngineBox,
    ) -> None:
        self._queue = queue
        self._library = library
        self._store = store
        self._namer = namer
        self._max_upload_bytes = max_upload_bytes
        self._labels = labels
        self._session = session
        self._face = FaceBox(labels)
        self._engine = engine

    def render(self) -> None:
        make = self._labels.make
        with make(gr.Tab, {"label": "page.single"}, id="single"):
            with gr.Row(elem_classes="hg-inputs", equal_height=True):
                self.voice = self._drop("voice", "sound", VOICE_TYPES)
                self.person = self._drop("person", "picture", PERSON_TYPES)
            with make(gr.Accordion, {"label": "page.face"}, open=False, elem_id="face"):
                self._face.render()
                self._engine.render()
            with gr.Row(elem_classes="hg-actions"):
                self.start = make(gr.Button, {"value": "page.start"}, variant="primary", size="lg", elem_id="start")
                self.stop = make(
                    gr.Button,
                    {"value": "page.cancel"},
                    size="lg",
                    visible=False,
                    scale=0,
                    min_width=140,
                    elem_id="cancel",
                )
                self.program = gr.Button(visible=False)  # what programs press: they have no owner
            self.notice = gr.HTML(elem_id="notice", apply_default_css=False)
            self.card = make(
                gr.HTML, {"lost": lost_card}, elem_id="job", apply_default_css=False, js_on_load=CARD_SCRIPT
            )
            self.timer = gr.Timer(POLL_S, active=False)

    def wire(self) -> None:
        job, owner, language = self._session.job, self._session.owner, self._session.language
        shown = [self.card, self.timer, self.start, self.stop]
        inputs = [self.voice, self.person, self._face.rule, self._face.number, language, self._engine.name]
        self.program.click(
            self.generate, inputs, [job, self.notice], api_name="generate", queue=False, show_progress="hidden"
        )
        self.start.click(self.generate, [*inputs, owner, self._session.signature], [job, self.notice], **QUIET)
        self.stop.click(self.cancel, [job, language], shown, **QUIET)
        self._session.follow(self.view, [job, language], shown, tab="single")
        gr.on([self.timer.tick, job.change], self.view, [job, language], shown, trigger_mode="always_last", **QUIET)
        changes = [self.voice.change, self.person.change, language.change]
        gr.on(changes, lambda: "", None, self.notice, trigger_mode="multiple", **QUIET)
        self._face.wire()
        for drop, look in ((self.voice, preview_voice), (self.person, preview_person)):
            drop.unplayable(self._previewer(look), [drop, language], drop, **QUIET)

    def generate(
        self,
        voice: object,
        person: object,
        rule: str,
        number: int,
        language: str,
        engine: str | None,
        owner: str = "",
        signature: str = "",
    ) -> tuple[Any, str]:
        """The new job's id, or a notice that says why there is none."""
        tr = self._session.translator(language)
        try:
            face, chosen = read_face(rule, number), read_engine(engine)
            request = self._request(get_upload(voice), get_upload(person), face, chosen, str(signature), tr)
            return self._queue.submit(NewJob(request, owner)), ""
        except HeyGemError as error:
            return gr.skip(), refusal_card(error, tr)

    def view(self, job_id: str, language: str) -> tuple[str, Any, Any, Any]:
        """The job as it stands now: card, timer, start button, cancel button."""
        status = find_status(self._queue, job_id)
        is_busy = status is not None and not status.state.is_final
        return (
            job_card(status, self._session.translator(language), self._find_video),
            gr.update(active=is_busy),
            gr.update(interactive=not is_busy),
            gr.update(visible=is_busy),
        )

    def _find_video(self, status: JobStatus) -> FinishedVideo:
        return find_finished(self._library, [status]).get(status.job_id, GONE)

    def cancel(self, job_id: str, language: str) -> tuple[str, Any, Any, Any]:
        status = find_status(self._queue, job_id)
        if status is not None and not status.state.is_final:
            self._queue.cancel(job_id)
        return self.view(job_id, language)

    def _request(
        self,
        voice: Path | None,
        person: Path | None,
        face: FaceChoice,
        engine: EngineName,
        signature: str,
        tr: Translator,
    ) -> LipSyncRequest:
        missing = [
            tr(key) for path, key in ((voice, "drop.voice_title"), (person, "drop.person_title")) if path is None
        ]
        if voice is None or person is None:
            raise InputMissingError(what=tr("fact.comma").join(missing))
        now = datetime.now().astimezone()
        person, voice = self._store.adopt(person), self._store.adopt(voice)
        return plan_request(self._namer, person, voice, face, now, signature=signature, engine=engine)

    def _previewer(self, look: Callable[[Path, Translator], Preview]) -> Callable[[object, str], Any]:
        def show(value: object, language: str) -> Any:
            path = get_upload(value)
            return gr.update(**asdict(look(path, self._session.translator(language)))) if path else gr.skip()

        return show

    def _drop(self, name: str, media: str, accept: str) -> gr.HTML:
        return self._labels.make(
            media_drop,
            {"texts": lambda tr: drop_texts(name, tr)},
            media=media,
            accept=accept,
            max_bytes=self._max_upload_bytes,
            elem_id=name,
        )


def lost_card(tr: Translator) -> str:
    return notice_card("quiet", tr("page.job_lost"))


def find_status(queue: JobQueue, job_id: object) -> JobStatus | None:
    """None for a job that is not known: never started, or removed since."""
    try:
        return queue.get_status(str(job_id))
    except JobNotFoundError:
        return None
