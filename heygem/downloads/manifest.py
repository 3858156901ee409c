"""A manifest: the models that can be had, as a YAML file says. docs/models.md shows the format."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from heygem.domain.model_errors import ManifestError
from heygem.domain.models import ModelEntry
from heygem.downloads.manifest_schema import ManifestSchema, ModelSchema
from heygem.downloads.model_paths import find_clash
from heygem.downloads.yaml_tree import Location, YamlError, YamlTree, parse_yaml

MAX_MANIFEST_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class Manifest:
    """`name` is that of the file, for people."""

    name: str
    models: tuple[ModelEntry, ...]


def read_manifest(path: Path) -> Manifest:
    """Raises ManifestError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ManifestError(name=path.name, line=1, reason=getattr(error, "strerror", None) or str(error)) from error
    return parse_manifest(data, path.name)


def parse_manifest(data: bytes, name: str) -> Manifest:
    """`data` is UTF-8: a list under `models`, or one model. Raises ManifestError."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError(name=name, line=1, reason=f"it is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        tree = parse_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ManifestError(name=name, line=line, reason="it is not UTF-8 text") from error
    except YamlError as error:
        raise ManifestError(name=name, line=error.line, reason=error.reason) from error
    models = tuple(model.build() for model in _check(tree, name))
    _check_together(models, tree, name)
    return Manifest(name, models)


def _check(tree: YamlTree, name: str) -> list[ModelSchema]:
    try:
        if _has_list(tree):
            return ManifestSchema.model_validate(tree.value).models
        return [ModelSchema.model_validate(tree.value)]
    except ValidationError as error:
        # What is misspelt comes before what is missing for that.
        first = min(error.errors(), key=lambda fault: (fault["type"] == "missing", tree.line_of(fault["loc"])))
        reason = _describe(first["loc"], first["msg"], first["type"])
        raise ManifestError(name=name, line=tree.line_of(first["loc"]), reason=reason) from error


def _describe(location: Location, message: str, kind: str) -> str:
    """`models[0].files[1].sha256: a SHA-256 has 64 hexadecimal digits`."""
    text = {"extra_forbidden": "there is no such field", "missing": "it is missing"}.get(kind, message)
    text = text.removeprefix("Value error, ")
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return f"{place}: {text}" if place else text


def _check_together(models: tuple[ModelEntry, ...], tree: YamlTree, name: str) -> None:
    """No name and no path twice."""
    names: set[str] = set()
    for number, model in enumerate(models):
        if model.name in names:
            raise _clash(tree, name, number, f"there are two models “{model.name}”")
        names.add(model.name)
    files = [(number, file.path) for number, model in enumerate(models) for file in model.files]
    if (found := find_clash([path for _, path in files])) is not None:
        number, path = files[found]
        raise _clash(tree, name, number, f"“{path}” is the path of another file, too")


def _clash(tree: YamlTree, name: str, number: int, reason: str) -> ManifestError:
    place: Location = ("models", number) if _has_list(tree) else ()
    return ManifestError(name=name, line=tree.line_of(place), reason=reason)


def _has_list(tree: YamlTree) -> bool:
    return isinstance(tree.value, dict) and "models" in tree.value
