"""Where the log goes: a rotated file with UTC times, and warnings to the shell."""

import logging
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

MAX_BYTES: Final = 5 * 1024 * 1024
KEPT_FILES: Final = 5
FILE_NAME: Final = "heygem.log"
# The floors below tell by errors, which these or a command report: one line each, not two.
ON_CONSOLE: Final = ("heygem.config", "heygem.jobs", "heygem.web")


class UtcFormatter(logging.Formatter):
    """`2026-01-31T08:00:00.123Z WARNING heygem.jobs.worker: …`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - the base class's
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class WithoutTraceback(logging.Formatter):
    """One line per record: what a shell's user may see of it. The traceback is for the file."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {record.getMessage()}"


def set_up_logs(folder: Path, name: str = FILE_NAME) -> Path | None:
    """Logs to `folder`/`name` from now on, warnings also to stderr; may be called again. One process writes one file.

    Returns the file, or None where the folder cannot be written: a job must not fail for want of a log.
    """
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    console.setFormatter(WithoutTraceback())
    console.addFilter(lambda record: record.name.startswith(ON_CONSOLE))
    file = _open_file(folder / name)
    ours = logging.getLogger("heygem")
    for old in ours.handlers[:]:
        ours.removeHandler(old)
        old.close()
    ours.setLevel(logging.INFO)
    ours.propagate = False
    ours.addHandler(console)
    if file is None:
        log.warning("no log can be written to %s", folder)
        return None
    ours.addHandler(file)
    return folder / name


def _open_file(path: Path) -> RotatingFileHandler | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError:
        return None
    file.setFormatter(UtcFormatter())
    return file
