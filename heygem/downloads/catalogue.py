"""The models of all manifests together."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from packaging.version import Version

from heygem.domain.model_errors import ManifestError, ManifestFault, ModelNotFoundError
from heygem.domain.models import ModelEntry, ModelFile
from heygem.downloads.model_paths import find_clash

if TYPE_CHECKING:  # it brings YAML and the schema, which every command would wait for
    from heygem.downloads.manifest import Manifest


class Catalogue:
    """Of two models of one name, the newer counts, and of equal ones the first. Earlier ones are still recognised."""

    def __init__(self, manifests: "Sequence[Manifest]") -> None:
        """Raises ManifestError where two models of different names would share a file."""
        self._every = [(model, manifest.name) for manifest in manifests for model in manifest.models]
        self._models: dict[str, ModelEntry] = {}
        for model, _ in self._every:
            known = self._models.get(model.name)
            if known is None or is_newer(model.version, known.version):
                self._models[model.name] = model
        self._refuse_clashes()

    @property
    def models(self) -> tuple[ModelEntry, ...]:
        return tuple(self._models.values())

    def get(self, name: str) -> ModelEntry:
        """Raises ModelNotFoundError."""
        if name not in self._models:
            raise ModelNotFoundError(model=name, known=", ".join(self._models) or "-")
        return self._models[name]

    def find_by_size(self, size_bytes: int) -> list[tuple[ModelEntry, ModelFile]]:
        """Every file of that size, of earlier versions too, the newest versions first."""
        found = [(model, file) for model, file in self._every_file() if file.size_bytes == size_bytes]
        return sorted(found, key=lambda pair: Version(pair[0].version), reverse=True)

    def find_by_hash(self, sha256: str) -> tuple[ModelEntry, ModelFile] | None:
        return next(((model, file) for model, file in self._every_file() if file.sha256 == sha256), None)

    def list_versions(self, name: str) -> list[ModelEntry]:
        """Of one model, the newest first."""
        versions = [model for model, _ in self._every if model.name == name]
        return sorted(versions, key=lambda model: Version(model.version), reverse=True)

    def _every_file(self) -> Iterator[tuple[ModelEntry, ModelFile]]:
        return ((model, file) for model, _ in self._every for file in model.files)

    def _refuse_clashes(self) -> None:
        """Versions of one model may share paths."""
        places = {(model.name, file.path): manifest for model, manifest in self._every for file in model.files}
        if (found := find_clash([path for _, path in places])) is not None:
            (_, path), manifest = list(places.items())[found]
            raise ManifestError(name=manifest, line=1, reason=ManifestFault.PATH_TAKEN, value=path)


def is_newer(version: str, other: str) -> bool:
    """Both as `ModelEntry.version`; an empty `other` is older than any."""
    return bool(version) and (not other or Version(version) > Version(other))
