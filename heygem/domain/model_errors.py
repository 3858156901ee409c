"""The part of the tree of errors.py that is about models and their download."""

from heygem.domain.errors import FaultError, InputError


class ManifestError(InputError):
    """A manifest of models that cannot be used. Context: `name`, `line` (from 1), `reason`."""

    code = "MANIFEST_INVALID"


class ModelNotFoundError(InputError):
    """No manifest has it. Context: `model`, `known`."""

    code = "MODEL_UNKNOWN"


class ModelImportError(InputError):
    """A file that is none of a manifest's. Context: `name`."""

    code = "MODEL_IMPORT"


class LicenceNotAcceptedError(InputError):
    """Context: `model`, `licence`, `url`."""

    code = "LICENCE_NOT_ACCEPTED"


class SourceError(FaultError):
    """A source that gives no link, or not the file. Context: `source` (its host), `reason`."""

    code = "SOURCE_UNUSABLE"


class DownloadFailedError(FaultError):
    """No source is left. What has been fetched stays for the next time. Context: `name`, `reasons`."""

    code = "DOWNLOAD_FAILED"


class ChecksumError(FaultError):
    """A file that is complete and not the manifest's. Context: `name`, `expected`, `found`."""

    code = "CHECKSUM_WRONG"


class WeightsUnverifiedError(FaultError):
    """Weights whose checksum no manifest has are not loaded unasked. Context: `path`."""

    code = "WEIGHTS_UNVERIFIED"
