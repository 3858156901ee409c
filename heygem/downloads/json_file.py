"""Small facts kept as JSON files, replaced at once. A file that is damaged or not there counts as empty."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heygem.media.publish import translate_output_error, write_whole


def read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: Mapping[str, object], is_lasting: bool = True) -> None:
    """For several threads and processes. What is not `is_lasting` need not survive a power cut, and is not waited for.

    Raises DiskFullError, OutputPathError.
    """
    try:
        write_whole(path, json.dumps(value, ensure_ascii=False, indent=1).encode(), is_lasting)
    except OSError as error:
        raise translate_output_error(path, error) from error
