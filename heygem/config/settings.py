"""The settings tree, checked at start: from the command line, the environment (HEYGEM_…), heygem.toml, defaults."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as SourceError

from heygem.domain.errors import SettingsError
from heygem.domain.job import EngineName
from heygem.domain.library import OutputKind

ROOT = Path(__file__).resolve().parents[2]

Days: TypeAlias = Annotated[float, Field(ge=0, le=36_500)]


class Section(BaseModel):
    """A misspelt name is told, not passed over."""

    model_config = ConfigDict(extra="forbid")


class ServerSettings(Section):
    host: str = Field(default="127.0.0.1", description="Address that the page is served on; 0.0.0.0 for every network")
    port: int = Field(default=7860, ge=0, le=65535, description="Port of the page; 0 takes a free one")
    language: Literal["zh", "en"] = Field(default="zh", description="Language of the page before a user switches")


class PathSettings(Section):
    outputs: Path = Field(default=ROOT / "outputs", description="Folder of the finished videos")
    models: Path = Field(default=ROOT / "models", description="Folder of the weights")
    cache: Path = Field(
        default=ROOT / "cache", description="Folder of tracked faces and uploads; may be emptied at any time"
    )
    logs: Path = Field(default=ROOT / "logs", description="Folder of the log files")
    data: Path = Field(default=ROOT / "data", description="Folder of the database, where it is a file")
    inputs: Path = Field(
        default=ROOT / "inputs", description="The one folder of this machine whose files the page and programs may name"
    )


class LimitSettings(Section):
    max_side_px: int = Field(default=4096, ge=64, le=16384, description="Longest side of a video or photo")
    max_pixels: int = Field(default=4096 * 2304, ge=4096, description="Most pixels of one frame")
    max_duration_min: float = Field(default=120, gt=0, description="Longest voice, in minutes")
    disk_reserve_mb: int = Field(
        default=500, ge=0, description="Free space that a job must leave on the output disk, in MB"
    )
    track_cache_mb: int = Field(default=512, ge=0, description="Most space that cached face tracks may take, in MB")


class DatabaseSettings(Section):
    url: str = Field(
        default="",
        description="Where jobs are kept: empty for SQLite in the data folder, else postgresql+psycopg://user:pass@host/name",
    )


class QueueSettings(Section):
    lease_s: float = Field(default=20, ge=2, le=3600, description="A worker silent for so long has lost its job, in s")
    max_crashes: int = Field(default=2, ge=1, le=1000, description="A job that ended its worker so often is given up")
    stall_min: float = Field(
        default=10, gt=0, le=1440, description="A job without any progress for so long is given up, in minutes"
    )
    inspectors: int = Field(default=1, ge=0, le=8, description="Processes that look at inputs before jobs run")
    keep_days: Days = Field(default=90, description="How long a job is known after its end, in days; 0 for ever")


class ApiSettings(Section):
    token: str = Field(
        default="", description="What programs must send as a bearer token; where empty, only this machine may ask"
    )
    webhook_secret: str = Field(default="", description="Key that the webhooks' signatures are made with")
    webhook_attempts: int = Field(default=8, ge=1, le=20, description="How often a webhook is tried before giving up")


class LibrarySettings(Section):
    owner: str = Field(
        default="heygem", description="Name and folder of the finished videos of those who sign with none of their own"
    )


class CacheSettings(Section):
    uploads_mb: int = Field(default=20_000, ge=0, description="Most space for uploads of the page, in MB")
    thumbnails_mb: int = Field(default=1_000, ge=0, description="Most space for pictures of finished videos, in MB")


class RetentionSettings(Section):
    test_days: Days = Field(default=3, description="How long a test video is kept, in days; 0 for ever, as below")
    standard_days: Days = Field(default=7, description="How long a standard video is kept, in days")
    important_days: Days = Field(default=30, description="How long an important video is kept, in days")
    projects: dict[str, Days] = Field(
        default={}, description="Days by project, in place of the kinds'; what is pinned stays for ever all the same"
    )
    default_kind: OutputKind = Field(default=OutputKind.IMPORTANT, description="Kind of a new video")
    counts_from: Literal["made", "used"] = Field(
        default="used", description="Whether the age counts from when a video was made or last played"
    )
    trash_hours: float = Field(default=72, gt=0, le=8760, description="How long the trash keeps a video, in hours")


class ArchiveSettings(Section):
    url: str = Field(
        default="",
        description="Where finished videos are archived: s3://bucket/folder, or a folder, as of a NAS; empty: nowhere",
    )
    kinds: list[OutputKind] = Field(
        default=[OutputKind.STANDARD, OutputKind.IMPORTANT],
        description="Kinds that are archived when they are past their age, in place of going to the trash",
    )
    at_once: list[OutputKind] = Field(default=[], description="Kinds that are archived as soon as they are made")
    keep_local_hours: float = Field(
        default=24, gt=0, le=87_600, description="How long what was archived also stays here at least, in hours"
    )
    max_mb_s: float = Field(default=0, ge=0, description="Most MB a second of copies to and from there; 0 for no bound")
    endpoint_url: str = Field(default="", description="Address of an S3 server that is not Amazon's")
    region: str = Field(default="", description="Region of the bucket, where the server wants one")
    addressing: Literal["auto", "path", "virtual"] = Field(
        default="auto", description="Whether the bucket stands in the path or in the host's name"
    )
    access_key: SecretStr = Field(default=SecretStr(""), description="Best given by HEYGEM_ARCHIVE__ACCESS_KEY")
    secret_key: SecretStr = Field(default=SecretStr(""), description="Best given by HEYGEM_ARCHIVE__SECRET_KEY")
    credentials_file: Path | None = Field(
        default=None,
        description="File with [default], aws_access_key_id and aws_secret_access_key, in place of the keys",
    )

    @field_validator("url")
    @classmethod
    def _is_place(cls, url: str) -> str:
        bucket = urlsplit(url).netloc if url.startswith("s3://") else "-"
        if url and (not bucket or not url.startswith(("s3://", "file:///", "/"))):
            raise ValueError("must be s3://bucket/folder or the absolute path of a folder")
        return url


class DiskSettings(Section):
    warn_percent: float = Field(default=80, gt=0, le=100, description="From so much of the disk in use on, warn")
    refuse_percent: float = Field(
        default=90, gt=0, le=100, description="From so much in use on, take no new jobs and remove what is past its age"
    )

    @model_validator(mode="after")
    def _warn_first(self) -> Self:
        if self.warn_percent > self.refuse_percent:
            raise ValueError("warn_percent must not be over refuse_percent")
        return self


class LogSettings(Section):
    rotate_mb: float = Field(default=20, gt=0, le=10_000, description="A log this large is put aside; others each day")
    kept: int = Field(default=7, ge=0, le=1000, description="How many logs that were put aside are kept")
    total_mb: float = Field(default=200, gt=0, description="Most space that all logs together may take, in MB")


class DownloadSettings(Section):
    connections: int = Field(default=16, ge=1, le=64, description="Connections for one model's file, over all sources")
    limit_mb_per_s: float = Field(default=0, ge=0, description="Most that downloads take of the line, in MB/s; 0: all")
    region: Literal["auto", "cn", "global"] = Field(
        default="auto", description="Which mirrors are asked first; auto goes by this machine's clock and language"
    )
    hf_endpoint: str = Field(
        default="", pattern=r"^(https?://\S+)?$", description="Hugging Face or a mirror of it; empty for HF_ENDPOINT's"
    )
    browser: bool = Field(default=True, description="Whether shares may be opened in a browser, where one is installed")
    stall_s: float = Field(default=30, ge=1, le=600, description="A connection silent for so long is begun anew, in s")
    attempts: int = Field(default=8, ge=1, le=100, description="A source that fails so often in a row is dropped")
    manifests: list[str] = Field(default=[], description="More lists of models, by path or URL, beside the project's")


class AlertSettings(Section):
    urls: list[str] = Field(
        default=[], description="Who is told when something is wrong: addresses as apprise has them, see docs/alerts.md"
    )
    urls_file: Path | None = Field(
        default=None, description="File with more of these, one a line, so that no password need stand here"
    )
    repeat_hours: float = Field(
        default=6, ge=1, le=720, description="What is still wrong is told again so often, in hours"
    )
    failures_in_a_row: int = Field(
        default=3, ge=0, le=1000, description="So many jobs that fail one after the other are told; 0 for never"
    )


class EncodeChoice(Section):
    codec: Literal["auto", "libx264", "h264_nvenc"] = Field(
        default="auto", description="auto tries NVENC, then libx264"
    )
    preset: str = Field(default="veryfast", pattern=r"^[a-z0-9]+$", description="Preset of libx264")
    crf: int = Field(default=18, ge=0, le=51, description="Constant rate factor; smaller is better and larger in bytes")


class Settings(BaseSettings):
    """The whole tree. Lower floors are handed one section or plain values."""

    model_config = SettingsConfigDict(
        env_prefix="HEYGEM_",
        env_nested_delimiter="__",
        toml_file=ROOT / "heygem.toml",
        extra="forbid",
        hide_input_in_errors=True,
    )  # an input may hold a password

    server: ServerSettings = ServerSettings()
    paths: PathSettings = PathSettings()
    limits: LimitSettings = LimitSettings()
    encode: EncodeChoice = EncodeChoice()
    database: DatabaseSettings = DatabaseSettings()
    queue: QueueSettings = QueueSettings()
    api: ApiSettings = ApiSettings()
    library: LibrarySettings = LibrarySettings()
    caches: CacheSettings = CacheSettings()
    retention: RetentionSettings = RetentionSettings()
    archive: ArchiveSettings = ArchiveSettings()
    disk: DiskSettings = DiskSettings()
    logs: LogSettings = LogSettings()
    downloads: DownloadSettings = DownloadSettings()
    alerts: AlertSettings = AlertSettings()
    engine: EngineName = Field(
        default=EngineName.EMBEDDED, description="What paints the mouths where nobody chooses: embedded or wav2lip"
    )
    tracker: Literal["auto", "embedded"] = Field(
        default="auto",
        description="auto looks for missed faces with MediaPipe's landmarker, where it is installed",
    )
    allow_unverified: bool = Field(default=False, description="Whether weights are loaded that no list of models knows")
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto, cpu, cuda or cuda:N")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**overrides: Any) -> Settings:
    """The settings, `overrides` (nested dicts, as from the command line) first. Raises SettingsError."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(setting=".".join(map(str, first["loc"])), reason=first["msg"]) from error
    except SourceError as error:  # a list or a table in the environment is JSON
        raise SettingsError(setting="HEYGEM_…", reason=str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(setting="heygem.toml", reason=str(error)) from error
