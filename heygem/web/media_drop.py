"""A box that takes one media file as it is, whatever its format, and shows it when the browser can.

gradio's own Audio and Video convert or refuse unusual formats and speak the browser's language, not the page's. The
script in assets/media_drop.js uploads through gradio's own route. (A function, not a subclass of gr.HTML: gradio
writes a .pyi file beside the source of every subclass.)
"""

from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio.data_classes import FileData

from heygem.config.strings import Translator

ASSETS: Final = Path(__file__).with_name("assets")
VOICE_TYPES: Final = "audio/*,video/*,.wav,.mp3,.m4a,.aac,.flac,.ogg,.opus,.wma,.amr,.aiff"
PERSON_TYPES: Final = "video/*,image/jpeg,image/png,image/webp,.mp4,.mov,.mkv,.webm,.avi,.flv,.ts,.m4v,.mts,.wmv"


def media_drop(*, media: str, accept: str, max_bytes: int, texts: dict[str, str], **options: Any) -> gr.HTML:
    """`media`: `sound` or `picture`; `texts` as from drop_texts.

    Triggers `unplayable` when the browser cannot show the uploaded file. The listener may set `still`, the URL of a
    picture to show instead, and `problem`, a sentence that says why the file is of no use.
    """
    return gr.HTML(
        html_template=(ASSETS / "media_drop.html").read_text(encoding="utf-8"),
        js_on_load=(ASSETS / "media_drop.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        media=media,
        accept=accept,
        max_bytes=max_bytes,
        texts=texts,
        still="",
        problem="",
        **options,
    )


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
