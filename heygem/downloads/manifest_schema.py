"""What may stand in a manifest, field by field, and the domain's types that come of it."""

import re
from typing import Annotated, Any, Final, Self, TypeAlias
from urllib.parse import unquote, urlsplit

from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from heygem.domain.model_errors import ManifestFault
from heygem.domain.models import DownloadSource, Licence, ModelEntry, ModelFile, PartHashes
from heygem.downloads.model_paths import MAX_PATH_CHARS, find_path_fault

SMALLEST_PART: Final = 64 * 1024
LARGEST_FILE: Final = 100 * 1000**4
MAX_URL_CHARS: Final = 4000
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\x00-\x1f\x7f]+", re.IGNORECASE)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def _fault(fault: ManifestFault, **context: str | int) -> PydanticCustomError:
    return PydanticCustomError(fault.value, "it cannot be that", context)


def _check_path(path: str) -> str:
    if fault := find_path_fault(path):
        raise _fault(fault, limit=MAX_PATH_CHARS)
    return path


def _check_hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise _fault(ManifestFault.HASH)
    return text.lower()


def _check_version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion as error:
        raise _fault(ManifestFault.VERSION) from error
    return text


def _check_url(url: str) -> str:
    if len(url) > MAX_URL_CHARS or not _URL.fullmatch(url):
        raise _fault(ManifestFault.URL)
    return url


def _check_header(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable():
            raise _fault(ManifestFault.HEADER, value=name)
    return headers


def _spread(text: Any) -> Any:
    """One text is that of both languages."""
    return {"zh": text, "en": text} if isinstance(text, str) else text


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


Hash: TypeAlias = Annotated[str, AfterValidator(_check_hash)]
VersionText: TypeAlias = Annotated[str, Field(max_length=50), AfterValidator(_check_version)]
Texts: TypeAlias = Annotated[dict[str, str], BeforeValidator(_spread)]
SizeBytes: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST_FILE)]
FilePath: TypeAlias = Annotated[str, AfterValidator(_check_path)]


class Schema(BaseModel):
    """What is misspelt is told, not passed over."""

    model_config = ConfigDict(extra="forbid")


class SourceSchema(Schema):
    url: Annotated[str, AfterValidator(_check_url)]
    region: str = Field(default="", pattern=r"^[a-z-]{0,20}$")
    priority: int = Field(default=0, ge=-1000, le=1000)
    headers: Annotated[dict[str, str], Field(max_length=20), AfterValidator(_check_header)] = {}
    code: str = Field(default="", max_length=200)

    def build(self) -> DownloadSource:
        return DownloadSource(self.url, self.region, self.priority, self.headers, self.code)


class PartsSchema(Schema):
    size: int = Field(ge=SMALLEST_PART)
    sha256: list[Hash]


Source: TypeAlias = Annotated[
    SourceSchema, BeforeValidator(lambda value: {"url": value} if isinstance(value, str) else value)
]
Sources: TypeAlias = Annotated[list[Source], Field(max_length=100), BeforeValidator(_listed)]


class FileSchema(Schema):
    path: FilePath
    size: SizeBytes
    sha256: Hash
    download: Sources = []
    parts: PartsSchema | None = None

    @model_validator(mode="after")
    def _every_part(self) -> Self:
        if self.parts and len(self.parts.sha256) != (wanted := -(-self.size // self.parts.size)):
            raise _fault(ManifestFault.PARTS, wanted=wanted, given=len(self.parts.sha256))
        return self

    def build(self) -> ModelFile:
        parts = PartHashes(self.parts.size, tuple(self.parts.sha256)) if self.parts else None
        return ModelFile(self.path, self.size, self.sha256, tuple(source.build() for source in self.download), parts)


class LicenceSchema(Schema):
    name: str = Field(min_length=1, max_length=200)
    url: str = Field(default="", max_length=MAX_URL_CHARS)
    notice: Texts = {}


class ModelSchema(Schema):
    """A model of several files has them under `files`; one of a single file has that file's fields itself."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    version: VersionText
    min_version: VersionText | None = None
    title: Texts = {}
    licence: Annotated[
        LicenceSchema, BeforeValidator(lambda value: {"name": value} if isinstance(value, str) else value)
    ] = Field(validation_alias=AliasChoices("licence", "license"))
    files: list[FileSchema] | None = Field(default=None, min_length=1, max_length=10_000)
    path: FilePath | None = None
    size: SizeBytes | None = None
    sha256: Hash | None = None
    download: Sources = []
    parts: PartsSchema | None = None

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if self.min_version and Version(self.min_version) > Version(self.version):
            raise _fault(ManifestFault.MIN_VERSION)
        if self.files is None:
            self._only_file()
        elif self.path or self.sha256 or self.download or self.parts:
            raise _fault(ManifestFault.FILES_OR_FILE)
        elif self.size not in (None, total := sum(file.size for file in self.files)):
            raise _fault(ManifestFault.TOTAL, total=total)
        return self

    def _only_file(self) -> FileSchema:
        """Without a path it is called as its first source calls it, in a folder of the model's name."""
        if self.size is None or self.sha256 is None:
            raise _fault(ManifestFault.FILE_NEEDED)
        if self.path is None and not self.download:
            raise _fault(ManifestFault.PATH_NEEDED)
        path = self.path or f"{self.name}/{unquote(urlsplit(self.download[0].url).path).rpartition('/')[2]}"
        return FileSchema(
            path=_check_path(path), size=self.size, sha256=self.sha256, download=self.download, parts=self.parts
        )

    def build(self) -> ModelEntry:
        files = tuple(file.build() for file in self.files or [self._only_file()])
        licence = Licence(self.licence.name, self.licence.url, self.licence.notice)
        return ModelEntry(self.name, self.version, files, licence, self.title, self.min_version or "")


class ManifestSchema(Schema):
    models: list[ModelSchema] = Field(min_length=1, max_length=10_000)
