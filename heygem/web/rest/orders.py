"""What programs may ask for: jobs, batches and changes, checked before anything is done."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Self, TypeAlias

from fastapi import Header, Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from heygem.domain.job import EngineName

MOST_ITEMS: Final = 10_000
MOST_PRIORITY: Final = 1000
API_OWNER: Final = "api"


def make_whole(value: object) -> object:
    """An integer of a float that JSON Schema takes for one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
FACE: Final = r"^(largest|left|right|[1-9][0-9]?)$"
ENGINE: Final = rf"^({'|'.join(EngineName)})?$"
_GAP: Final = r"\s\x00-\x1f\x7f-\x9f\ufeff"  # no kind of regular expression has all of these in its own \s
WEBHOOK: Final = rf"^(https?://[^{_GAP}/?#@\\]+([/?#][^{_GAP}]*)?)?$"  # no user and password before the host

Label: TypeAlias = Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)]
FileName: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=PRINTABLE)]
Face: TypeAlias = Annotated[str, StringConstraints(pattern=FACE)]
Engine: TypeAlias = Annotated[str, StringConstraints(pattern=ENGINE)]
Webhook: TypeAlias = Annotated[str, StringConstraints(max_length=2000, pattern=WEBHOOK)]
Priority: TypeAlias = Annotated[int, Field(ge=-MOST_PRIORITY, le=MOST_PRIORITY), BeforeValidator(make_whole)]
Id: TypeAlias = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Key: TypeAlias = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="Submitting the same again by this key changes nothing",
        max_length=200,
        pattern=r"^[\x21-\x7e]*$",
    ),
]


class Action(StrEnum):
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"


class Order(BaseModel):
    """A misspelt field is told, not passed over, and a number in quotes is none."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Files(Order):
    """Two files that lie in the server's inputs folder."""

    person: FileName = Field(description="Video or photo, by its path in the inputs folder", examples=["team/ann.mp4"])
    voice: FileName = Field(description="The voice, by its path in the inputs folder", examples=["hello.wav"])


class Video(Order):
    name: Label = Field(default="", description="What the video is to be called; the person file's name if empty")
    face: Face = Field(default="largest", description="Who speaks: largest, left, right, or a number from the left")
    engine: Engine = Field(default="", description="What paints the mouths; the server's own choice if empty")


class Terms(Order):
    """On which jobs are taken, single or in a batch."""

    project: Label = Field(default="", description="Any word that jobs can be listed by")
    priority: Priority = Field(default=0, description="Higher ones run first")
    webhook: Webhook = Field(default="", description="http(s) URL that is told of the end of each job")
    owner: Label = Field(default=API_OWNER, description="Whose it is; a name that the program chooses")
    signature: Label = Field(
        default="",
        description="Whose name the finished videos bear, and the folder that they lie in; the owner, or where that is "
        "not given either the setting library.owner",
    )

    @property
    def signed(self) -> str:
        """ "" is the setting's."""
        return self.signature or (self.owner if self.owner != API_OWNER else "")


class JobOrder(Video, Terms):
    """What is asked of a job beside its two files."""

    @classmethod
    def from_form(cls, fields: Mapping[str, str]) -> Self:
        """Of a form's fields, whose numbers are texts. Raises pydantic's ValidationError."""
        return cls.model_validate(fields, strict=False)


class NamedJobOrder(JobOrder, Files):
    """A job of files that lie in the server's inputs folder."""


class BatchItem(Video, Files):
    """One video of a batch, of files that lie in the server's inputs folder."""

    project: Label = Field(default="", description="The batch's own if empty")


class BatchOrder(Terms):
    items: Annotated[list[BatchItem], Field(min_length=1, max_length=MOST_ITEMS)]
    name: Label = Field(default="", description="What the batch is called; day and time if empty")
    is_paused: bool = Field(default=False, description="Whether it waits until it is resumed")


class JobChange(Order):
    """To a job that waits. Both may be given; the priority is set first."""

    priority: Priority | None = Field(default=None, description="Higher ones run first")
    move: Annotated[int, Field(ge=-MOST_ITEMS, le=MOST_ITEMS), BeforeValidator(make_whole)] = Field(
        default=0, description="So many places later among those of its batch and priority; earlier where negative"
    )


def form_schema() -> dict[str, Any]:
    """Of a multipart form that brings the two files along."""
    schema = JobOrder.model_json_schema()
    files = {name: {"type": "string", "format": "binary", "minLength": 1} for name in ("person", "voice")}
    return {**schema, "title": "JobForm", "properties": {**files, **schema["properties"]}, "required": list(files)}
