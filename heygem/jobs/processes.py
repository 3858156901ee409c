"""Which processes of this machine live: what a supervisor needs to know of workers that it did not start."""

import socket
from pathlib import Path

import psutil


def host_name() -> str:
    """This machine's name; with its process namespace, since two containers may share a name."""
    try:
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:  # not Linux
        return socket.gethostname()
    return f"{socket.gethostname()}/{space}"


def is_running(pid: int, worker_id: str) -> bool:
    """Whether the process `pid` of this machine lives and is that worker: its command line names it."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and worker_id in process.cmdline()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # another user's: its lease will tell
        return True


def end_children() -> None:
    """Kills what this process has started, and what that has."""
    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
