"""A multipart form, written to disk while it arrives: neither it nor any of its files is ever whole in memory."""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import BinaryIO, Final, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from heygem.domain.api_errors import RequestInvalidError, UploadTooLargeError
from heygem.jobs.naming import safe_stem
from heygem.media.publish import sync, translate_output_error

MB: Final = 1_000_000
MOST_PARTS: Final = 32
MOST_FIELD_BYTES: Final = 10_000
WRITE_BYTES: Final = 1 << 20
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,8}")


class FormStore(Protocol):
    """Where files go: `reserve` names a new place for a file of that name, `release` removes it."""

    def reserve(self, name: str) -> Path: ...
    def release(self, path: Path) -> None: ...


@dataclass
class Upload:
    """A file of the form, as far as it has come."""

    path: Path
    sink: BinaryIO
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    size_bytes: int = 0

    @property
    def sha256(self) -> str:
        return self.digest.hexdigest()


@dataclass
class Form:
    """Its files are gone where reading or using it fails, unless they are `kept`: a job's by then."""

    release: Callable[[Path], None]
    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    is_kept: bool = False

    def keep(self) -> None:
        self.is_kept = True

    def drop(self) -> None:
        """Removes its files, whole or not."""
        for upload in self.files.values():
            upload.sink.close()
            self.release(upload.path)


@asynccontextmanager
async def receive_form(request: Request, names: Sequence[str], store: FormStore, max_bytes: int) -> AsyncIterator[Form]:
    """The form of a request, which must have files of these `names` and no others, each of `max_bytes` at most.

    Raises RequestInvalidError, UploadTooLargeError, OutputPathError, DiskFullError, and starlette's ClientDisconnect
    where the connection broke.
    """
    reader = _FormReader(request.headers.get("content-type", ""), names, store, max_bytes)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(reader.write, chunk)
        await run_in_threadpool(reader.finish)
        yield reader.form
    except BaseException:
        if not reader.form.is_kept:
            reader.form.drop()
        raise


class _FormReader:
    """What the parser of a form calls, piece by piece."""

    def __init__(self, content_type: str, names: Sequence[str], store: FormStore, max_bytes: int) -> None:
        self.form = Form(store.release)
        self._names = names
        self._reserve = store.reserve
        self._max_bytes = max_bytes
        self._parts = 0
        self._is_whole = False
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._name = ""
        self._text: bytearray | None = None
        self._upload: Upload | None = None
        _, options = parse_options_header(content_type)
        try:
            self._parser = MultipartParser(
                options.get(b"boundary", b""),
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open_part,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise RequestInvalidError(field="body", reason=str(error)) from error

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise RequestInvalidError(field="body", reason=str(error)) from error
        except OSError as error:
            where = self._upload.path if self._upload else Path(str(error.filename))
            raise translate_output_error(where, error) from error

    def finish(self) -> None:
        if not self._is_whole:
            raise RequestInvalidError(field="body", reason="the form is cut off")
        missing = [name for name in self._names if name not in self.form.files]
        if missing:
            raise RequestInvalidError(field=missing[0], reason="the file is missing")

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise RequestInvalidError(field="body", reason=f"more than {MOST_PARTS} parts")
        self._disposition = b""

    def _end_header(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def _open_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode(errors="replace")
        if self._name in self.form.fields or self._name in self.form.files:
            raise RequestInvalidError(field=self._name, reason="given twice")
        if b"filename" not in options:
            self._text = bytearray()
            return
        if self._name not in self._names:
            raise RequestInvalidError(field=self._name, reason="no such file is expected")
        path = self._reserve(safe_name(options[b"filename"].decode(errors="replace")))
        self._upload = Upload(path, path.open("wb", buffering=WRITE_BYTES))
        self.form.files[self._name] = self._upload

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is None:
            self._take_text(data[start:end])
            return
        self._upload.size_bytes += end - start
        if self._upload.size_bytes > self._max_bytes:
            raise UploadTooLargeError(max_mb=self._max_bytes // MB)
        piece = memoryview(data)[start:end]
        self._upload.digest.update(piece)
        self._upload.sink.write(piece)

    def _take_text(self, data: bytes) -> None:
        if self._text is not None:
            self._text.extend(data)
            if len(self._text) > MOST_FIELD_BYTES:
                raise RequestInvalidError(field=self._name, reason=f"more than {MOST_FIELD_BYTES} bytes")

    def _end_part(self) -> None:
        if self._upload is not None:
            self._upload.sink.close()
            sync(self._upload.path)  # a job that has been promised survives a power cut, and so must its files
            sync(self._upload.path.parent)
            self._upload = None
        elif self._text is not None:
            try:
                self.form.fields[self._name] = self._text.decode()
            except UnicodeDecodeError as error:
                raise RequestInvalidError(field=self._name, reason="not UTF-8") from error
            self._text = None

    def _end(self) -> None:
        self._is_whole = True


def safe_name(name: str) -> str:
    """The last part of a name that a program gave its file, without what a file system trips over."""
    last = PureWindowsPath(name.replace("\0", "")).name  # knows both kinds of slash
    suffix = PureWindowsPath(last).suffix
    return safe_stem(last) + (suffix.lower() if _SUFFIX.fullmatch(suffix) else "")
