"""Starts a worker as a process of its own. What that does, and with what settings, is for the upper floors to say."""

import subprocess
import sys

from heygem.config.settings import ROOT
from heygem.jobs.supervisor import WorkerSpec


def spawn_worker(module: str, settings: str, spec: WorkerSpec, worker_id: str) -> "subprocess.Popen[bytes]":
    """Runs `module`, which is told the `settings`, a line of JSON, and lives as long as its input is open."""
    command = [sys.executable, "-m", module, "--kind", spec.kind, "--device", spec.device, "--id", worker_id]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT)
    assert process.stdin is not None
    process.stdin.write(settings.encode() + b"\n")
    process.stdin.flush()
    return process
