"""The page as a whole: builds it, serves it, ends it. gradio is known to this folder alone."""

import os
import signal
import threading
from pathlib import Path
from typing import Any, Final, Protocol

import gradio as gr

from heygem.config.settings import Settings
from heygem.config.strings import LANGUAGES, Translator
from heygem.jobs.naming import OutputNamer
from heygem.jobs.runner import JobRunner
from heygem.web import uploads
from heygem.web.address import find_port, go_around_proxies
from heygem.web.api import JobApi
from heygem.web.labels import Labels
from heygem.web.session import BrowserSession
from heygem.web.single_tab import SingleTab
from heygem.web.theme import build_theme

ASSETS: Final = Path(__file__).with_name("assets")
SWEEPING: Final = (uploads.SWEEP_EVERY_S, uploads.MAX_AGE_S)


class PageServices(Protocol):
    """What the page needs of services.Services."""

    @property
    def settings(self) -> Settings: ...
    @property
    def runner(self) -> JobRunner: ...
    @property
    def namer(self) -> OutputNamer: ...


def build_app(services: PageServices) -> gr.Blocks:
    """The page, not yet served."""
    settings = services.settings
    # gradio reads these from the environment, the first while components are being made.
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.uploads_folder(settings.paths.cache).resolve())
    # It would otherwise count its own events anew, in a table, after each of them.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000"
    first = Translator(settings.server.language)
    labels = Labels(first)
    page: gr.Blocks
    with gr.Blocks(title="HeyGem", analytics_enabled=False, delete_cache=SWEEPING) as page:
        session = BrowserSession.open(first.language)
        _render_header(labels, session)
        tabs = [SingleTab(services.runner, services.namer, uploads.MAX_BYTES, labels, session)]
        with gr.Tabs():
            for tab in tabs:
                tab.render()
        JobApi(services.runner, first).wire()  # before the tabs, whose own handlers would take its names
        for tab in tabs:
            tab.wire(page)
        _wire_language(page, labels, session)
    return page


def open_page(services: PageServices) -> gr.Blocks:
    """Builds the page and serves it from a thread of its own; `close()` of the answer ends it.

    Raises SettingsError for an address that cannot be served on.
    """
    server, paths = services.settings.server, services.settings.paths
    port = find_port(server.host, server.port)
    go_around_proxies()
    paths.outputs.mkdir(parents=True, exist_ok=True)
    uploads.sweep_uploads(uploads.uploads_folder(paths.cache))
    page = build_app(services)
    page.launch(
        server_name=server.host,
        server_port=port,
        allowed_paths=[str(paths.outputs.resolve())],
        max_file_size=uploads.MAX_BYTES,
        theme=build_theme(),
        css_paths=[ASSETS / "page.css"],
        favicon_path=ASSETS / "favicon.svg",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        share=False,
        quiet=True,
        show_error=True,
        prevent_thread_lock=True,
        _frontend=False,  # leaves out only a look at the page that fails where it takes over three seconds
    )
    return page


def serve(services: PageServices) -> None:
    """Serves the page until SIGINT or SIGTERM, then ends the jobs and leaves nothing running."""
    asked_to_end = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: asked_to_end.set())
    page = open_page(services)
    tr = Translator(services.settings.server.language)
    try:
        print(tr("page.ready", url=page.local_url), flush=True)
        asked_to_end.wait()
    finally:
        page.close(verbose=False)
        services.runner.close()


def _render_header(labels: Labels, session: BrowserSession) -> None:
    with gr.Row(elem_classes="hg-header"):
        labels.make(
            gr.HTML,
            {"value": _brand, "words": _toast_words},
            elem_id="brand",
            apply_default_css=False,
            js_on_load=(ASSETS / "toasts.js").read_text(encoding="utf-8"),
        )
        switch = labels.make(
            gr.Button, {"value": "page.other_language"}, size="sm", scale=0, min_width=88, elem_id="language"
        )
    switch.click(
        lambda language: next(name for name in LANGUAGES if name != session.translator(language).language),
        session.language, session.language, queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip


def _brand(tr: Translator) -> str:
    return f'<div class="hg-brand"><b>HeyGem</b><span>{tr("page.tagline")}</span></div>'


def _toast_words(tr: Translator) -> dict[str, str]:
    """gradio's own words to the page's, for what the browser may show without asking the server."""
    lost = "Connection to the server was lost. Attempting reconnection..."
    return {"Error": tr("page.toast_error"), lost: tr("page.toast_lost")}


def _wire_language(page: gr.Blocks, labels: Labels, session: BrowserSession) -> None:
    private: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    gr.on(
        [page.load, session.language.change],
        lambda language: labels.updates(session.translator(language)),
        session.language, labels.components, **private,
    )  # fmt: skip
    # Browsers choose glyphs and offer translations by this.
    told = "(language) => { document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'; }"
    gr.on([page.load, session.language.change], None, session.language, None, js=told)
