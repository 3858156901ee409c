"""What `ai-model-fetch` says: sentences for people, or one JSON object a line for programs (docs/models.md)."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Console

from heygem.commands.model_fetch_progress import ProgressPace, shown_model_progress
from heygem.config.strings import Translator
from heygem.domain.errors import HeyGemError
from heygem.domain.models import DownloadSource, ModelProgress, ModelStatus
from heygem.domain.stored_error import storable_context
from heygem.downloads.progress_sum import ModelSink
from heygem.web.format import size

if TYPE_CHECKING:
    from heygem.downloads.importing import ImportedFile
    from heygem.downloads.link import Link

JSON_EVERY_S: Final = 0.5


class Output(Protocol):
    """Results go to stdout; what only a person wants to see, to stderr."""

    def progress(self) -> AbstractContextManager[ModelSink]: ...

    def model(self, status: ModelStatus) -> None: ...

    def imported(self, file: "ImportedFile") -> None: ...

    def removed(self, model: str, freed_bytes: int) -> None: ...

    def link(self, source: DownloadSource, link: "Link") -> None: ...

    def error(self, error: HeyGemError) -> None: ...


@dataclass(frozen=True)
class TextOutput:
    say: Translator

    def progress(self) -> AbstractContextManager[ModelSink]:
        return shown_model_progress(Console(stderr=True), self.say)

    def model(self, status: ModelStatus) -> None:
        for line in describe_model(status, self.say):
            print(line)

    def imported(self, file: "ImportedFile") -> None:
        print(self.say("fetch.imported", source=file.source, model=file.model, path=file.path))

    def removed(self, model: str, freed_bytes: int) -> None:
        print(self.say("fetch.removed", model=model, size=size(freed_bytes)))

    def link(self, source: DownloadSource, link: "Link") -> None:
        """The bare address, for other programs; when it ends, for the person."""
        print(link.url)
        if link.expires_at:
            when = link.expires_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
            print(self.say("fetch.expires", source=source.host, when=when), file=sys.stderr)
        if link.headers:
            print(self.say("fetch.headers", names=", ".join(link.headers)), file=sys.stderr)

    def error(self, error: HeyGemError) -> None:
        print(self.say.explain(error), file=sys.stderr)


def describe_model(status: ModelStatus, say: Translator) -> list[str]:
    """The model in one line, and under it the files that are not whole, where it is there in part."""
    entry = status.entry
    title = entry.title.get(say.language) or entry.title.get("en", "")
    state = say(f"model_state.{status.state}")
    if status.must_update:
        state = say("fetch.must_update", version=status.version)
    elif status.version and status.version != entry.version:
        state = say("fetch.has_version", state=state, version=status.version)
    parts = [f"{entry.name} {entry.version}", state, size(entry.size_bytes), entry.licence.name, title]
    lines = ["  ".join(filter(None, parts))]
    states = {file.state for file in status.files}
    if len(states) > 1:
        lines += [f"    {file.file.path}  {say(f'model_state.{file.state}')}" for file in status.files]
    return lines


class JsonOutput:
    def __init__(self, say: Translator) -> None:
        self._say = say

    @contextmanager
    def progress(self) -> Iterator[ModelSink]:
        pace = ProgressPace(JSON_EVERY_S)

        def sink(progress: ModelProgress) -> None:
            if pace.is_due(progress):
                self._write("progress", describe_progress_fields(progress))

        yield sink

    def model(self, status: ModelStatus) -> None:
        self._write("model", describe_model_fields(status))

    def imported(self, file: "ImportedFile") -> None:
        self._write("imported", {"source": str(file.source), "model": file.model, "path": file.path})

    def removed(self, model: str, freed_bytes: int) -> None:
        self._write("removed", {"model": model, "freed_bytes": freed_bytes})

    def link(self, source: DownloadSource, link: "Link") -> None:
        ends = link.expires_at.isoformat() if link.expires_at else None
        fields = {"source": source.host, "url": link.url, "headers": dict(link.headers)}
        self._write("link", {**fields, "expires_at": ends, "size_bytes": link.size_bytes})

    def error(self, error: HeyGemError) -> None:
        message = self._say.explain(error)
        self._write("error", {"code": error.code, "message": message, "context": storable_context(error)})

    def _write(self, event: str, fields: Mapping[str, object]) -> None:
        print(json.dumps({"event": event, **fields}, ensure_ascii=False), flush=True)


def describe_progress_fields(progress: ModelProgress) -> dict[str, object]:
    sources = [
        {
            "name": source.name,
            "connections": source.connections,
            "bytes_per_s": round(source.speed),
            "done_bytes": source.done_bytes,
            "is_dropped": source.is_dropped,
        }
        for source in progress.sources
    ]
    return {
        "model": progress.model,
        "phase": progress.phase,
        "path": progress.path,
        "done_bytes": progress.done_bytes,
        "total_bytes": progress.total_bytes,
        "bytes_per_s": round(progress.speed),
        "eta_s": None if progress.eta_s is None else round(progress.eta_s, 1),
        "sources": sources,
    }


def describe_model_fields(status: ModelStatus) -> dict[str, object]:
    entry = status.entry
    files = [
        {
            "path": file.file.path,
            "state": file.state,
            "size_bytes": file.file.size_bytes,
            "present_bytes": file.present_bytes,
            "sha256": file.file.sha256,
        }
        for file in status.files
    ]
    return {
        "model": entry.name,
        "version": entry.version,
        "state": status.state,
        "installed_version": status.version or None,
        "must_update": status.must_update,
        "is_usable": status.is_usable,
        "size_bytes": entry.size_bytes,
        "licence": {"name": entry.licence.name, "url": entry.licence.url},
        "title": dict(entry.title),
        "files": files,
    }
