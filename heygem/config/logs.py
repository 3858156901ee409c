"""Where the log goes: one file that all processes append to, with UTC times, and warnings to the shell.

Knows nothing of rotation but that the file may be renamed at any time.
"""

import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from heygem.config.redaction import redact

log = logging.getLogger(__name__)

FILE_NAME: Final = "heygem.log"
# The floors below tell by errors, which these or a command report: one line each, not two.
ON_CONSOLE: Final = ("heygem.config", "heygem.jobs", "heygem.library", "heygem.maintenance", "heygem.web")


class UtcFormatter(logging.Formatter):
    """`2026-01-31T08:00:00.123Z WARNING heygem.jobs.worker [render-cpu]: …`, without the brackets for no `process`."""

    def __init__(self, process: str = "") -> None:
        label = f" [{process.replace('%', '%%')}]" if process else ""
        super().__init__(f"%(asctime)s %(levelname)s %(name)s{label}: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - the base class's
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class WithoutTraceback(logging.Formatter):
    """One line per record: what a shell's user may see of it. The traceback is for the file."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(f"{record.levelname.lower()}: {record.getMessage()}")


class AppendHandler(logging.Handler):
    """Appends each record by one write, so that the lines of several processes never mix, and opens the file anew once
    it has been renamed, or closed, as logging.config does with every handler that there is. Raises OSError where the
    file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file = self._open()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
            if not self._is_current():
                stale, self._file = self._file, self._open()
                if stale >= 0:
                    os.close(stale)
            os.write(self._file, line)
        except OSError:  # a full disk costs the line and nothing else
            return
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        self.acquire()
        try:
            if self._file >= 0:
                os.close(self._file)
            self._file = -1
        finally:
            self.release()
        super().close()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def _is_current(self) -> bool:
        if self._file < 0:
            return False
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(self._file))


def set_up_logs(folder: Path, process: str = "") -> Path | None:
    """Logs to `folder`/FILE_NAME from now on, warnings also to stderr; may be called again. `process` tells whose lines
    they are, where it is not the page's or a command's.

    Returns the file, or None where the folder cannot be written: a job must not fail for want of a log.
    """
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    console.setFormatter(WithoutTraceback())
    console.addFilter(lambda record: record.name.startswith(ON_CONSOLE))
    file = _open_file(folder / FILE_NAME)
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
    file.setFormatter(UtcFormatter(process))
    ours.addHandler(file)
    return folder / FILE_NAME


def _open_file(path: Path) -> AppendHandler | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return AppendHandler(path)
    except OSError:
        return None
