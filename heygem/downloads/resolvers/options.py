"""What resolvers may use beside a source: endpoints and logins, each bound to the host that it is for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HUGGING_FACE: Final = "https://huggingface.co"


@dataclass(frozen=True)
class ResolverOptions:
    """`hf_token` goes to the host of `hf_endpoint` alone."""

    hf_endpoint: str = HUGGING_FACE
    hf_token: str = field(default="", repr=False)
    timeout_s: float = 30.0
    connect_s: float = 10.0


def read_options(environment: Mapping[str, str] = os.environ, home: Path | None = None) -> ResolverOptions:
    """The options that the environment and the files of the services' own tools in `home` give. Never fails: a file
    that cannot be read is one that is not there.
    """
    home = home or Path.home()
    return ResolverOptions(
        hf_endpoint=_clean(environment.get("HF_ENDPOINT", "")).rstrip("/") or HUGGING_FACE,
        hf_token=_find_hf_token(environment, home),
    )


def _find_hf_token(environment: Mapping[str, str], home: Path) -> str:
    """Where huggingface_hub looks, in its order."""
    cache = environment.get("XDG_CACHE_HOME") or home / ".cache"
    folder = Path(environment.get("HF_HOME") or Path(cache, "huggingface"))
    path = Path(environment.get("HF_TOKEN_PATH") or folder / "token").expanduser()
    named = environment.get("HF_TOKEN") or environment.get("HUGGING_FACE_HUB_TOKEN") or ""
    return _clean(named) or _clean(_read_text(path))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _clean(value: str) -> str:
    """Pasted values come with line ends, which no header may have."""
    return "".join(value.split())
