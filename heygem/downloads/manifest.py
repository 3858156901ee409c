"""A manifest: the models that can be had, as a YAML file says. docs/models.md shows the format."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from heygem.domain.model_errors import ManifestError, ManifestFault
from heygem.domain.models import ModelEntry
from heygem.downloads.manifest_schema import ManifestSchema, ModelSchema
from heygem.downloads.model_paths import find_clash
from heygem.downloads.yaml_tree import Location, YamlError, YamlTree, parse_yaml

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

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
        detail = getattr(error, "strerror", None) or str(error)
        raise ManifestError(name=path.name, line=1, reason=ManifestFault.FILE, detail=detail) from error
    return parse_manifest(data, path.name)


def parse_manifest(data: bytes, name: str) -> Manifest:
    """`data` is UTF-8: a list under `models`, or one model. Raises ManifestError."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError(name=name, line=1, reason=ManifestFault.TOO_LARGE, limit=MAX_MANIFEST_BYTES)
    try:
        tree = parse_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ManifestError(name=name, line=line, reason=ManifestFault.NOT_TEXT) from error
    except YamlError as error:
        raise ManifestError(name=name, line=error.line, reason=error.fault, **error.context) from error
    models = tuple(model.build() for model in _check(tree, name))
    _check_together(models, tree, name)
    return Manifest(name, models)


def _check(tree: YamlTree, name: str) -> list[ModelSchema]:
    if not isinstance(tree.value, dict):
        raise ManifestError(name=name, line=1, reason=ManifestFault.KIND)
    try:
        if _has_list(tree):
            return ManifestSchema.model_validate(tree.value).models
        return [ModelSchema.model_validate(tree.value)]
    except ValidationError as error:
        # What is misspelt comes before what is missing for that.
        first = min(error.errors(), key=lambda fault: (fault["type"] == "missing", tree.line_of(fault["loc"])))
        raise _translate(first, tree, name) from error


def _translate(fault: "ErrorDetails", tree: YamlTree, name: str) -> ManifestError:
    """Its `place` is like `models[0].files[1].sha256`."""
    line, kind = tree.line_of(fault["loc"]), fault["type"]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
    if kind in [*ManifestFault]:
        return ManifestError(name=name, line=line, reason=ManifestFault(kind), place=place, **fault.get("ctx", {}))
    reason = {"extra_forbidden": ManifestFault.UNKNOWN, "missing": ManifestFault.MISSING}.get(kind, ManifestFault.VALUE)
    return ManifestError(name=name, line=line, reason=reason, place=place, detail=fault["msg"])


def _check_together(models: tuple[ModelEntry, ...], tree: YamlTree, name: str) -> None:
    """No name and no path twice."""
    names: set[str] = set()
    for number, model in enumerate(models):
        if model.name in names:
            raise _clash(tree, name, number, ManifestFault.TWICE, model.name)
        names.add(model.name)
    files = [(number, file.path) for number, model in enumerate(models) for file in model.files]
    if (found := find_clash([path for _, path in files])) is not None:
        raise _clash(tree, name, files[found][0], ManifestFault.PATH_TAKEN, files[found][1])


def _clash(tree: YamlTree, name: str, number: int, fault: ManifestFault, value: str) -> ManifestError:
    place: Location = ("models", number) if _has_list(tree) else ()
    return ManifestError(name=name, line=tree.line_of(place), reason=fault, value=value)


def _has_list(tree: YamlTree) -> bool:
    return isinstance(tree.value, dict) and "models" in tree.value
