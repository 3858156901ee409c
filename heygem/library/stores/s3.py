"""An archive in a bucket of S3, or of what speaks like it."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from heygem.domain.archive_errors import ArchiveCopyLostError, ArchiveDeniedError, ArchiveUnusableError
from heygem.domain.errors import CancelledError
from heygem.domain.progress import CancelToken
from heygem.library.flow import Flow

if TYPE_CHECKING:
    from s3fs import S3FileSystem

PART_BYTES: Final = 8 * 1024**2
MAX_PARTS: Final = 9_000  # S3 takes 10,000
TRIES: Final = 2
LOOK_S: Final = 1.0  # how soon what is cancelled is given up; what is answered until then counts
# Servers that only speak like S3 know no other checksums than MD5, which is sent with all that is sent.
_CONFIG: Final = {
    "connect_timeout": 10,
    "read_timeout": 60,
    "retries": {"mode": "standard", "max_attempts": TRIES},
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True)
class S3Access:
    """Where `key` is empty, credentials are looked for where all AWS programs do: AWS_… of the environment first."""

    endpoint_url: str = ""
    region: str = ""
    addressing: str = "auto"  # path, virtual
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class S3Store:
    """`prefix` is "" or ends with a slash. Large files go in parts: those that are there, by their MD5, are not sent
    again. Where a server keeps another ETag than a part's MD5, an upload that was broken off begins anew.
    """

    bucket: str
    prefix: str
    access: S3Access
    part_bytes: int = PART_BYTES

    @property
    def place(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    @cached_property
    def _files(self) -> "S3FileSystem":
        from s3fs import S3FileSystem  # here, since it takes a second, which commands without an archive should not

        access = self.access
        files = S3FileSystem(
            key=access.key or None,
            secret=access.secret or None,
            token=access.token or None,
            endpoint_url=access.endpoint_url or None,
            client_kwargs={"region_name": access.region} if access.region else {},
            config_kwargs={**_CONFIG, "s3": {"addressing_style": access.addressing}},
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        files.retries = TRIES
        return files

    def find_size(self, key: str, cancel: CancelToken | None = None) -> int | None:
        try:
            return int(self._call("head_object", key, cancel)["ContentLength"])
        except FileNotFoundError:
            return None

    def send(self, key: str, source: BinaryIO, size_bytes: int, flow: Flow) -> None:
        part_bytes = max(self.part_bytes, -(-size_bytes // MAX_PARTS))
        if size_bytes <= part_bytes:
            data = source.read()
            flow.let_pass(len(data))
            self._ask("put_object", key, flow.cancel, Body=data, ContentMD5=_b64(_md5(data)))
            return
        begun = self._find_upload(key, flow.cancel)
        upload: dict[str, Any] = {
            "UploadId": begun or self._ask("create_multipart_upload", key, flow.cancel)["UploadId"]
        }
        there, parts = self._list_parts(key, upload, flow.cancel), []
        for number, data in enumerate(iter(lambda: source.read(part_bytes), b""), 1):
            digest = _md5(data)
            etag = f'"{digest.hex()}"'
            if there.get(number) == (etag, len(data)):
                flow.skip(len(data))
            else:
                flow.let_pass(len(data))
                what: dict[str, Any] = {"PartNumber": number, "Body": data, "ContentMD5": _b64(digest)}
                etag = self._ask("upload_part", key, flow.cancel, **upload, **what)["ETag"]
            parts.append({"PartNumber": number, "ETag": etag})
        self._ask("complete_multipart_upload", key, **upload, MultipartUpload={"Parts": parts})

    def read(self, key: str, start: int, end: int, cancel: CancelToken | None = None) -> bytes:
        path = f"{self.bucket}/{self.prefix}{key}"
        try:
            with self._told():
                return bytes(self._wait(self._files._cat_file(path, start=start, end=end), cancel))
        except FileNotFoundError as error:
            raise ArchiveCopyLostError(name=key) from error

    def remove(self, key: str) -> None:
        self._ask("delete_object", key)

    def _find_upload(self, key: str, cancel: CancelToken) -> str | None:
        """The last that was begun and not completed."""
        found = self._ask("list_multipart_uploads", None, cancel, Prefix=self.prefix + key).get("Uploads", [])
        ids = [upload["UploadId"] for upload in found if upload["Key"] == self.prefix + key]
        return ids[-1] if ids else None

    def _list_parts(self, key: str, upload: Mapping[str, str], cancel: CancelToken) -> dict[int, tuple[str, int]]:
        """Number to ETag and bytes."""
        parts: dict[int, tuple[str, int]] = {}
        marker: dict[str, Any] = {}
        while True:
            page = self._ask("list_parts", key, cancel, **upload, **marker)
            parts |= {part["PartNumber"]: (part["ETag"], part["Size"]) for part in page.get("Parts", [])}
            if not page.get("IsTruncated"):
                return parts
            marker = {"PartNumberMarker": page["NextPartNumberMarker"]}

    def _ask(self, method: str, key: str | None, cancel: CancelToken | None = None, **what: Any) -> dict[str, Any]:
        """As `_call`, for what does not ask whether something is there."""
        try:
            return self._call(method, key, cancel, **what)
        except FileNotFoundError as error:  # the bucket, or an upload that has come to its end meanwhile
            raise ArchiveUnusableError(place=self.place, reason=str(error)) from error

    def _call(self, method: str, key: str | None, cancel: CancelToken | None = None, **what: Any) -> dict[str, Any]:
        """Raises FileNotFoundError too."""
        named = {} if key is None else {"Key": self.prefix + key}
        with self._told():
            answer: dict[str, Any] = self._wait(
                self._files._call_s3(method, Bucket=self.bucket, **named, **what), cancel
            )
            return answer

    def _wait(self, asked: Coroutine[Any, Any, Any], cancel: CancelToken | None) -> Any:
        """What is answered. Once it is cancelled, the connection is cut in the middle of a part or a wait."""
        answer = asyncio.run_coroutine_threadsafe(asked, self._files.loop)
        while not wait((answer,), LOOK_S).done:
            if cancel is not None and cancel.is_cancelled:
                answer.cancel()
                raise CancelledError()
        return answer.result()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """In the domain's words, but for FileNotFoundError."""
        from botocore.exceptions import BotoCoreError, NoCredentialsError, PartialCredentialsError

        try:
            yield
        except FileNotFoundError:
            raise
        except (PermissionError, NoCredentialsError, PartialCredentialsError) as error:
            raise ArchiveDeniedError(place=self.place, reason=str(error)) from error
        except (OSError, BotoCoreError) as error:
            raise ArchiveUnusableError(place=self.place, reason=str(error)) from error


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _b64(digest: bytes) -> str:
    """As the header Content-MD5 has it, by which the server finds out what was damaged on its way."""
    return b64encode(digest).decode()
