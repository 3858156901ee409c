"""The part of the tree of errors.py that is about models and their download."""

from enum import StrEnum

from heygem.domain.errors import DiskFullError, FaultError, InputError


class SourceProblem(StrEnum):
    """Why a source gives no file, as `reason` of a SourceError; each has a sentence that says what to do."""

    ADDRESS_INVALID = "address_invalid"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    BUSY = "busy"
    ANSWER_UNREADABLE = "answer_unreadable"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    LOGIN_NEEDED = "login_needed"
    LOGIN_UNKNOWN = "login_unknown"
    TERMS_NEEDED = "terms_needed"
    CODE_NEEDED = "code_needed"
    CODE_WRONG = "code_wrong"
    SHARE_EXPIRED = "share_expired"
    CAPTCHA = "captcha"
    FILE_DIFFERS = "file_differs"
    NO_SOURCE = "no_source"
    PAGE = "page"
    TOO_SLOW = "too_slow"
    FILE_NOT_IN_SHARE = "file_not_in_share"
    NO_DOWNLOAD = "no_download"
    BROWSER_NEEDED = "browser_needed"


class ManifestFault(StrEnum):
    """What is wrong in a manifest, as `reason` of a ManifestError; the sentence of each names what else it needs."""

    FILE = "manifest_file"
    TOO_LARGE = "manifest_too_large"
    NOT_TEXT = "manifest_not_text"
    SYNTAX = "manifest_syntax"
    EMPTY = "manifest_empty"
    KIND = "manifest_kind"
    TOO_MANY = "manifest_too_many"
    TOO_DEEP = "manifest_too_deep"
    ALIAS = "manifest_alias"
    TAG = "manifest_tag"
    KEY = "manifest_key"
    TWICE = "manifest_twice"
    MISSING = "manifest_missing"
    UNKNOWN = "manifest_unknown"
    VALUE = "manifest_value"
    PATH_LENGTH = "manifest_path_length"
    PATH_ABSOLUTE = "manifest_path_absolute"
    PATH_CHARACTERS = "manifest_path_characters"
    PATH_PARTS = "manifest_path_parts"
    PATH_HIDDEN = "manifest_path_hidden"
    PATH_DEVICE = "manifest_path_device"
    PATH_PROJECT = "manifest_path_project"
    PATH_TAKEN = "manifest_path_taken"
    PATH_NEEDED = "manifest_path_needed"
    HASH = "manifest_hash"
    VERSION = "manifest_version"
    MIN_VERSION = "manifest_min_version"
    URL = "manifest_url"
    HEADER = "manifest_header"
    PARTS = "manifest_parts"
    FILES_OR_FILE = "manifest_files_or_file"
    FILE_NEEDED = "manifest_file_needed"
    TOTAL = "manifest_total"


class ManifestError(InputError):
    """A manifest of models that cannot be used. Context: `name`, `line` (from 1), `reason`; `place`, the field, and
    what else the reason's sentence needs.
    """

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


class NoSourceError(InputError):
    """A file that must be had in another way, or whose sources were all left out. Context: `name`."""

    code = "MODEL_NO_SOURCE"


class ModelBusyError(InputError):
    """The model's files are being fetched or checked. Context: `model`."""

    code = "MODEL_BUSY"


class SourceError(FaultError):
    """A source that gives no link, or not the file. Context: `source` (a host), `reason` (a SourceProblem or words)."""

    code = "SOURCE_UNUSABLE"


class DownloadFailedError(FaultError):
    """No source is left. What has been fetched stays for the next time. Context: `name`, `reasons` (SourceErrors)."""

    code = "DOWNLOAD_FAILED"


class DownloadDiskFullError(DiskFullError):
    """What has been fetched stays for the next time. Context: `path`, `free_mb`, `needed_mb`."""

    code = "DOWNLOAD_DISK_FULL"


class ChecksumError(FaultError):
    """A file that is complete and not the manifest's. Context: `name`, `expected`, `found`."""

    code = "CHECKSUM_WRONG"


class WeightsUnverifiedError(FaultError):
    """Weights whose checksum no manifest has are not loaded unasked. Context: `path`."""

    code = "WEIGHTS_UNVERIFIED"


class ModelFileError(FaultError):
    """A model's file that is there and cannot be read. Context: `path`, `reason`."""

    code = "MODEL_UNREADABLE"
