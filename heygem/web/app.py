"""The page as a whole: builds it, serves it, ends it. gradio is known to this folder alone."""

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import gradio as gr
from fastapi import FastAPI
from gradio.routes import App
from starlette.routing import Mount

from heygem.config.strings import LANGUAGES, Translator
from heygem.jobs.drafts import Drafts
from heygem.jobs.inputs import InputStore
from heygem.web import uploads
from heygem.web.address import find_port, go_around_proxies
from heygem.web.alert_strip import AlertStrip
from heygem.web.api import JobApi
from heygem.web.batch_tab import BatchTab
from heygem.web.engine_box import EngineBox
from heygem.web.history_tab import HistoryTab
from heygem.web.labels import Labels
from heygem.web.log_tab import LogTab
from heygem.web.media_routes import build_media_routes
from heygem.web.models_cards import missing_text
from heygem.web.models_notice import ModelsNotice
from heygem.web.models_tab import ModelsTab
from heygem.web.monitoring_routes import build_monitoring_routes
from heygem.web.page_services import PageServices
from heygem.web.prune_preview import PrunePreview
from heygem.web.rest.api import mount_api
from heygem.web.server import WebServer
from heygem.web.session import QUIET, BrowserSession
from heygem.web.signature_box import SignatureBox
from heygem.web.single_tab import SingleTab
from heygem.web.storage_panel import StoragePanel
from heygem.web.theme import build_theme
from heygem.web.thumbnails import build_thumbnail_routes

ASSETS: Final = Path(__file__).with_name("assets")
SWEEPING: Final = (uploads.SWEEP_EVERY_S, uploads.MAX_AGE_S)


def build_app(services: PageServices) -> gr.Blocks:
    """The page, not yet served."""
    settings, queue, namer = services.settings, services.queue, services.namer
    store = InputStore(settings.paths.outputs.absolute())
    drafts = Drafts(queue, store, settings.paths.inputs, namer)
    # gradio reads these from the environment, the first while components are being made.
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.uploads_folder(settings.paths.cache).resolve())
    # It would otherwise count its own events anew, in a table, after each of them.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000"
    first = Translator(settings.server.language)
    engines = settings.paths.models, settings.engine
    labels = Labels(first)
    page: gr.Blocks
    with gr.Blocks(title="HeyGem", analytics_enabled=False, delete_cache=SWEEPING) as page:
        session = BrowserSession.open(first.language)
        signature = SignatureBox(settings.library.owner, labels, session)
        _render_header(labels, session, signature)
        strip = AlertStrip(services.alerting.book, session)
        strip.render()
        notice = ModelsNotice(services.models, labels, session)
        notice.render()
        preview = PrunePreview(services.pruner.plan, labels, session)
        storage = StoragePanel(services.library, services.disk_guard, services.disk_history, preview, session)
        desk = services.archiving.desk if services.archiving else None
        tabs: list[BatchTab | SingleTab | HistoryTab | ModelsTab | LogTab] = [
            BatchTab(queue, services.library, drafts, uploads.MAX_BYTES, labels, session, EngineBox(*engines, labels)),
            SingleTab(
                queue, services.library, store, namer, uploads.MAX_BYTES, labels, session, EngineBox(*engines, labels)
            ),
            HistoryTab(services.library, desk, storage, labels, session),
            ModelsTab(services.models, settings.paths.inputs, uploads.MAX_BYTES, labels, session),
            LogTab(settings.paths.logs, labels, session),
        ]
        with gr.Tabs() as row:
            for tab in tabs:
                tab.render()
        programs = JobApi(queue, drafts, first, settings.engine)
        programs.render()
        programs.wire()  # before the tabs, whose own handlers would take its names
        strip.wire()
        signature.wire(page)
        notice.wire(row)
        for tab in tabs:
            tab.wire()
        session.wire(page)
        _wire_tabs(page, row, session)
        _wire_language(page, labels, session)
    return page


class PageServer:
    """The page being served from a thread of its own, until `close`."""

    def __init__(self, services: PageServices) -> None:
        """Raises SettingsError for an address that cannot be served on."""
        server, paths = services.settings.server, services.settings.paths
        port = find_port(server.host, server.port)
        go_around_proxies()
        paths.outputs.mkdir(parents=True, exist_ok=True)
        self._page = build_app(services)
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.include_router(build_thumbnail_routes(services.queue))
        app.include_router(build_media_routes(services.library))
        app.router.routes.extend(build_monitoring_routes(services.monitoring, services.settings.api.token))
        mount_api(app, services)
        mount_page(app, self._page, [paths.outputs.resolve(), paths.inputs.resolve()])
        self._server = WebServer(app, server.host, port)
        self._server.start()

    @property
    def url(self) -> str:
        return self._server.url

    def close(self) -> None:
        self._page.close(verbose=False)
        self._server.close()


def mount_page(app: FastAPI, page: gr.Blocks, shown: Sequence[Path]) -> None:
    """Puts the page at the root of `app`, behind the routes that it has already; it may show what is in `shown`."""
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        allowed_paths=[str(folder) for folder in shown],
        max_file_size=uploads.MAX_BYTES,
        theme=build_theme(),
        css_paths=[ASSETS / "page.css"],
        favicon_path=str(ASSETS / "favicon.svg"),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        show_error=True,
    )
    page.has_launched = True  # or gradio would not look whether a file that a handler is given is an upload of its own
    apps = [route.app for route in app.routes if isinstance(route, Mount)]
    page.app = next(mounted for mounted in apps if isinstance(mounted, App))  # whose heartbeats end with the page


def serve(services: PageServices) -> None:
    """Serves the page until SIGINT or SIGTERM, then lets go of what it has opened."""
    asked_to_end = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: asked_to_end.set())
    server = PageServer(services)
    tr = Translator(services.settings.server.language)
    try:
        print(tr("page.ready", url=server.url), flush=True)
        if told := missing_text(services.models.snapshot(), tr):
            print(told, flush=True)
        asked_to_end.wait()
    finally:
        server.close()


def _render_header(labels: Labels, session: BrowserSession, signature: SignatureBox) -> None:
    with gr.Row(elem_classes="hg-header"):
        labels.make(
            gr.HTML,
            {"value": _brand, "words": _toast_words},
            elem_id="brand",
            apply_default_css=False,
            js_on_load=(ASSETS / "toasts.js").read_text(encoding="utf-8"),
        )
        signature.render()
        switch = labels.make(
            gr.Button, {"value": "page.other_language"}, size="sm", scale=0, min_width=88, elem_id="language"
        )
    switch.click(
        lambda language: next(name for name in LANGUAGES if name != session.translator(language).language),
        session.language, session.language, **QUIET,
    )  # fmt: skip


def _brand(tr: Translator) -> str:
    return f'<div class="hg-brand"><b>HeyGem</b><span>{tr("page.tagline")}</span></div>'


def _toast_words(tr: Translator) -> dict[str, str]:
    """gradio's own words to the page's, for what the browser may show without asking the server."""
    lost = "Connection to the server was lost. Attempting reconnection..."
    return {"Error": tr("page.toast_error"), lost: tr("page.toast_lost")}


def _wire_tabs(page: gr.Blocks, row: gr.Tabs, session: BrowserSession) -> None:
    """A reload opens the tab that was open; for the first one nothing is sent, which a click could overtake."""
    for tab in row.children:
        if isinstance(tab, gr.Tab):
            tab.select(lambda name=tab.id: name, None, session.tab, **QUIET)
    page.load(lambda name: gr.skip() if name == "batch" else gr.update(selected=name), session.tab, row, **QUIET)


def _wire_language(page: gr.Blocks, labels: Labels, session: BrowserSession) -> None:
    gr.on(
        [page.load, session.language.change],
        lambda language: labels.updates(session.translator(language)),
        session.language, labels.components, trigger_mode="multiple", **QUIET,
    )  # fmt: skip
    # Browsers choose glyphs and offer translations by this.
    told = "(language) => { document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'; }"
    gr.on([page.load, session.language.change], None, session.language, None, js=told)
