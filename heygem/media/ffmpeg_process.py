"""One FFmpeg that is fed through a pipe and can be ended at any moment, also by another thread."""

import fcntl
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

POLL_S: Final = 0.2
PIPE_BYTES: Final = 1024**2  # Linux's limit for ordinary users
KEPT_LINES: Final = 20


class FfmpegProcess:
    """Started at once, in a process group of its own. `check` is called while waiting and may raise, to cancel."""

    def __init__(self, command: list[str], check: Callable[[], None]) -> None:
        self._check = check
        self._last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stderr
        self._pipe = self._process.stdin
        self._errors = self._process.stderr
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLOUT)
        os.set_blocking(self._pipe.fileno(), False)
        with suppress(OSError):
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._drain = threading.Thread(target=self._keep_last_lines, name="ffmpeg-stderr", daemon=True)
        self._drain.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """Negative for a signal; None while it runs."""
        return self._process.poll()

    def write(self, data: memoryview) -> None:
        """Writes all of it. Raises BrokenPipeError once FFmpeg has ended, and what `check` raises."""
        while data:
            self._check()
            if self._poll.poll(POLL_S * 1000):
                with suppress(BlockingIOError):
                    data = data[os.write(self._pipe.fileno(), data) :]

    def finish(self) -> int:
        """Ends the input and waits for FFmpeg: its exit status."""
        self._pipe.close()
        while self._process.poll() is None:
            self._check()
            time.sleep(POLL_S / 10)
        self._drain.join()
        return self._process.returncode

    def kill(self) -> None:
        """Ends it at once, together with its children. Safe to call at any time, from any thread, and twice."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kills it if it is still there, and waits until nothing of it is left."""
        self.kill()
        with suppress(OSError):
            self._pipe.close()
        self._process.wait()
        self._drain.join()
        self._errors.close()

    def last_words(self) -> str:
        """The last lines of its log."""
        return "\n".join(self._last_lines)

    def _keep_last_lines(self) -> None:
        for line in self._errors:
            self._last_lines.append(line.decode("utf-8", errors="replace").rstrip())
