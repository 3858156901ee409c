"""Every error that a user may see, in one tree, each with a stable code; strings.toml has the sentences.

HeyGemError
├── InputError       the user can mend it: exit status 2
│   ├── MediaError   one file is not what is needed; has `path`
│   │   ├── MediaNotFoundError, MediaIsFolderError, MediaPermissionError, MediaEmptyError, MediaUnreadableError,
│   │   │   MediaTruncatedError, FrameTooLargeError, MediaTooLongError, InputChangedError
│   │   └── NoPictureError, NoFramesError, NoFaceError, NoSoundError, NoSamplesError, VoiceSilentError
│   ├── FaceChoiceError, InputMissingError, OutputPathError, PathOutsideError, BatchListError, BatchEmptyError
│   ├── JobNotFoundError, BatchNotFoundError, OutputNotFoundError, JobStateError
│   ├── ResultGoneError (ResultTrashedError), SettingsError (AlertTargetError), EngineNotInstalledError
│   ├── in api_errors.py: RequestInvalidError, UploadTooLargeError, TokenError, ForeignOriginError, WebhookSecretError,
│   │   IdempotencyConflictError
│   ├── in archive_errors.py: ArchiveUnsetError
│   └── in model_errors.py: ManifestError, ModelNotFoundError, ModelImportError, LicenceNotAcceptedError,
│       ModelBusyError, NoSourceError
├── FaultError       ours or the machine's: exit status 1
│   ├── DiskFullError, DiskHighError, FfmpegMissingError, EncodeError, WeightsError, DeviceMemoryError, DatabaseError
│   ├── WorkerCrashedError, LeaseLostError, StalledError, UnexpectedError
│   ├── in archive_errors.py: ArchiveUnusableError, ArchiveDeniedError, ArchiveCopyWrongError, ArchiveCopyLostError,
│   │   ArchiveBusyError, ArchiveFailedError
│   └── in model_errors.py: SourceError, DownloadFailedError, DownloadDiskFullError, ChecksumError,
│       WeightsUnverifiedError, ModelFileError
└── CancelledError   asked for: exit status 130
"""

from pathlib import Path
from typing import ClassVar


class HeyGemError(Exception):
    """Base of the tree. `context` fills the placeholders of the code's sentence."""

    code: ClassVar[str] = "UNEXPECTED"
    exit_status: ClassVar[int] = 1

    def __init__(self, **context: object) -> None:
        self.context = context
        super().__init__(self.code, context)

    def __str__(self) -> str:
        details = ", ".join(f"{key}={value}" for key, value in self.context.items())
        return f"{self.code}: {details}" if details else self.code


class InputError(HeyGemError):
    code = "INPUT_INVALID"
    exit_status = 2


class MediaError(InputError):
    code = "MEDIA_INVALID"

    def __init__(self, path: Path, **context: object) -> None:
        self.path = path
        super().__init__(name=path.name, path=path, **context)


class MediaNotFoundError(MediaError):
    code = "MEDIA_NOT_FOUND"


class MediaIsFolderError(MediaError):
    code = "MEDIA_IS_FOLDER"


class MediaPermissionError(MediaError):
    code = "MEDIA_NO_PERMISSION"


class MediaEmptyError(MediaError):
    code = "MEDIA_EMPTY"


class MediaUnreadableError(MediaError):
    """Not a media file, or damaged beyond reading. Context: `reason`."""

    code = "MEDIA_UNREADABLE"


class MediaTruncatedError(MediaError):
    """The file ends before its own table of contents does. Context: `found`, `expected` (packets)."""

    code = "MEDIA_TRUNCATED"


class NoPictureError(MediaError):
    """A file with sound alone where a person's video or photo is needed."""

    code = "MEDIA_NO_PICTURE"


class NoFramesError(MediaError):
    code = "MEDIA_NO_FRAMES"


class NoSoundError(MediaError):
    """A file with picture alone where a voice is needed."""

    code = "MEDIA_NO_SOUND"


class NoSamplesError(MediaError):
    code = "MEDIA_NO_SAMPLES"


class FrameTooLargeError(MediaError):
    """Context: `width`, `height`, `max_side`, `max_pixels`."""

    code = "MEDIA_FRAME_TOO_LARGE"


class MediaTooLongError(MediaError):
    """Context: `duration_min`, `max_min` (minutes)."""

    code = "MEDIA_TOO_LONG"


class NoFaceError(MediaError):
    code = "FACE_NOT_FOUND"


class VoiceSilentError(MediaError):
    """Nothing in it is loud enough to be a voice. Context: `level_db` (dBFS, RMS)."""

    code = "VOICE_SILENT"


class InputChangedError(MediaError):
    """The file is another than it was when it was looked at."""

    code = "INPUT_CHANGED"


class FaceChoiceError(InputError):
    """Not a face choice, or fewer faces than asked for. Context: `choice`, `faces`."""

    code = "FACE_CHOICE_INVALID"


class InputMissingError(InputError):
    """Context: `what`, the missing field."""

    code = "INPUT_MISSING"


class OutputPathError(InputError):
    """The output cannot be written there. Context: `path`, `reason`."""

    code = "OUTPUT_NOT_WRITABLE"


class PathOutsideError(InputError):
    """A name that leads out of the folder in which files may be named. Context: `name`."""

    code = "PATH_OUTSIDE"


class BatchListError(InputError):
    """A table of a batch cannot be used. Context: `name`, `line`, `column`, `value`."""

    code = "BATCH_LIST_INVALID"


class BatchEmptyError(InputError):
    """A folder or table without any video or photo. Context: `name`."""

    code = "BATCH_EMPTY"


class JobNotFoundError(InputError):
    """Context: `job_id`."""

    code = "JOB_NOT_FOUND"


class BatchNotFoundError(InputError):
    """Context: `batch_id`."""

    code = "BATCH_NOT_FOUND"


class JobStateError(InputError):
    """The job's state does not allow what is asked. Context: `action`, `state`."""

    code = "JOB_STATE"


class ResultGoneError(InputError):
    """A finished video or its record is no longer where it was. Context: `name`."""

    code = "RESULT_GONE"


class ResultTrashedError(ResultGoneError):
    """It is in the trash, which it can be taken back from. Context: `name`."""

    code = "RESULT_TRASHED"


class OutputNotFoundError(InputError):
    """Context: `output_id`."""

    code = "OUTPUT_NOT_FOUND"


class SettingsError(InputError):
    """Context: `setting`, `reason`."""

    code = "SETTINGS_INVALID"


class EngineNotInstalledError(InputError):
    """Its weights are not here. Context: `engine`."""

    code = "ENGINE_NOT_INSTALLED"


class AlertTargetError(SettingsError):
    """An address that alerts cannot go to; it may hold a secret and is not quoted. Context: `place`, `number`."""

    code = "ALERT_TARGET_INVALID"


class FaultError(HeyGemError):
    code = "FAULT"


class DiskFullError(FaultError):
    """Context: `path`, `free_mb`, `needed_mb`."""

    code = "DISK_FULL"


class DiskHighError(FaultError):
    """No new job is taken. Context: `used_percent`, `refuse_percent`, `free_mb`, `reserve_mb`."""

    code = "DISK_HIGH"


class FfmpegMissingError(FaultError):
    code = "FFMPEG_MISSING"


class EncodeError(FaultError):
    """Context: `reason`, the encoder's last words."""

    code = "ENCODE_FAILED"


class WeightsError(FaultError):
    """Weights are missing or damaged. Context: `path`, `reason`."""

    code = "WEIGHTS_UNUSABLE"


class DeviceMemoryError(FaultError):
    """Not even one face at a time fits the graphics card. Context: `device`."""

    code = "DEVICE_MEMORY"


class WorkerCrashedError(FaultError):
    """The process that worked on it ended, time after time. Context: `reason` (of the last), `attempts`."""

    code = "WORKER_CRASHED"


class LeaseLostError(FaultError):
    """A worker has been silent for so long that its job went to another. Context: `job_id`."""

    code = "LEASE_LOST"


class StalledError(FaultError):
    """A job without any progress. Context: `minutes`."""

    code = "JOB_STALLED"


class DatabaseError(FaultError):
    """Context: `reason`."""

    code = "DATABASE_UNUSABLE"


class UnexpectedError(FaultError):
    """Something that no code foresaw; the traceback is in the log. Context: `reason`."""

    code = "UNEXPECTED"


class CancelledError(HeyGemError):
    code = "CANCELLED"
    exit_status = 130
