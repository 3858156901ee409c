"""The part of the tree of errors.py that is about the archive of finished videos."""

from heygem.domain.errors import FaultError, InputError


class ArchiveUnsetError(InputError):
    """Something is asked of the archive where none is set."""

    code = "ARCHIVE_UNSET"


class ArchiveUnusableError(FaultError):
    """The archive does not answer, or not as it should. Context: `place`, `reason`."""

    code = "ARCHIVE_UNUSABLE"


class ArchiveDeniedError(FaultError):
    """The archive does not let us in. Context: `place`, `reason`."""

    code = "ARCHIVE_DENIED"


class ArchiveCopyWrongError(FaultError):
    """What is in the archive is not what was sent there. Context: `name`."""

    code = "ARCHIVE_COPY_WRONG"


class ArchiveCopyLostError(FaultError):
    """The archive does not have a copy that it had. Context: `name`."""

    code = "ARCHIVE_COPY_LOST"


class ArchiveBusyError(FaultError):
    """Another process is copying to the archive."""

    code = "ARCHIVE_BUSY"


class ArchiveFailedError(FaultError):
    """Some videos could not be archived; they stay where they are. Context: `count`, `reason` (of the first)."""

    code = "ARCHIVE_FAILED"
