"""Boxes that take media files as they are, whatever their format: one, which is shown when the browser can, or many.

gradio's own Audio and Video convert or refuse unusual formats and speak the browser's language, not the page's. The
scripts in assets/ upload through gradio's own route. (A function, not a subclass of gr.HTML: gradio
writes a .pyi file beside the source of every subclass.)
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio.data_classes import FileData

from heygem.config.strings import Translator

ASSETS: Final = Path(__file__).with_name("assets")
VOICE_TYPES: Final = "audio/*,video/*,.wav,.mp3,.m4a,.aac,.flac,.ogg,.opus,.wma,.amr,.aiff"
TABLE_TYPES: Final = ".csv"
PERSON_TYPES: Final = "video/*,image/jpeg,image/png,image/webp,.mp4,.mov,.mkv,.webm,.avi,.flv,.ts,.m4v,.mts,.wmv"


def media_drop(*, media: str, accept: str, max_bytes: int, texts: dict[str, str], **options: Any) -> gr.HTML:
    """`media`: `sound` or `picture`; `texts` as from drop_texts.

    Triggers `unplayable` when the browser cannot show the uploaded file. The listener may set `still`, the URL of a
    picture to show instead, and `problem`, a sentence that says why the file is of no use.
    """
    return gr.HTML(
        html_template=(ASSETS / "media_drop.html").read_text(encoding="utf-8"),
        js_on_load=_read_script("media_drop.js"),
        apply_default_css=False,
        media=media,
        accept=accept,
        max_bytes=max_bytes,
        texts=texts,
        still="",
        problem="",
        **options,
    )


def files_drop(*, accept: str, max_bytes: int, texts: dict[str, str], ready: bool = False, **options: Any) -> gr.HTML:
    """Triggers `born` until it is `ready`, and from then on `arrived` for each Handful of uploads.

    The next one comes when the listener has set `taken` to the last one's number.
    """
    return gr.HTML(
        html_template=(ASSETS / "files_drop.html").read_text(encoding="utf-8"),
        js_on_load=_read_script("files_drop.js"),
        apply_default_css=False,
        accept=accept,
        max_bytes=max_bytes,
        texts=texts,
        taken=0,
        ready=ready,
        **options,
    )


@dataclass(frozen=True)
class Handful:
    """Some of the files that were dropped; `number` counts the handfuls from 1."""

    number: int
    paths: tuple[Path, ...]

    @classmethod
    def read(cls, value: object) -> "Handful":
        """From a box for many. Raises ValueError as get_upload does."""
        data = value if isinstance(value, dict) else {}
        paths = [get_upload(each) for each in data.get("files", [])]
        return cls(int(data.get("number", 0)), tuple(path for path in paths if path))


def get_upload(value: object) -> Path | None:
    """The file in a box, None for an empty one. Raises ValueError for anything that gradio has not checked.

    Before a handler runs, gradio refuses every FileData whose path is not an upload of its own; what does not carry
    FileData's mark has not been looked at, and could name any file of this machine.
    """
    if not value:
        return None
    return Path(FileData.model_validate(value, context={"validate_meta": True}).path)


def drop_texts(name: str, tr: Translator) -> dict[str, str]:
    """What the box called `name` (voice or person) says, in one language."""
    shared = ("replace", "remove", "uploading", "upload_failed", "too_large", "unplayable")
    own = ("title", "call", "formats")
    return {key: tr(f"drop.{key}") for key in shared} | {key: tr(f"drop.{name}_{key}") for key in own}


def _read_script(name: str) -> str:
    return (ASSETS / "upload.js").read_text(encoding="utf-8") + (ASSETS / name).read_text(encoding="utf-8")
