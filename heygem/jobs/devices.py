"""Which devices of this machine have a renderer."""

import subprocess
import sys

from heygem.config.settings import ROOT


def list_devices(wanted: str) -> list[str]:
    """Every device that renders: the one that the settings name, or each CUDA device of this machine, or the first
    of what else there is. Asked of a process of its own, since torch takes half a gigabyte for that.
    """
    if wanted != "auto":
        return [wanted]
    command = [sys.executable, "-m", "heygem.engines.device"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.split() or ["cpu"]
