"""What resolvers may use beside a source: endpoints and logins, each bound to the host that it is for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from heygem.downloads.resolvers.logins import Login, read_logins

HUGGING_FACE: Final = "https://huggingface.co"
MODELSCOPE: Final = "https://modelscope.cn"
GITHUB: Final = "https://github.com"
GITHUB_API: Final = "https://api.github.com"


@dataclass(frozen=True)
class ResolverOptions:
    """Each token goes to the endpoint beside it alone. The keys of S3 are looked for as Amazon's tools do, in the
    environment and in `~/.aws`; the profile and the file are for other ones.
    """

    hf_endpoint: str = HUGGING_FACE
    hf_token: str = field(default="", repr=False)
    modelscope_endpoint: str = MODELSCOPE
    modelscope_token: str = field(default="", repr=False)
    github_site: str = GITHUB
    github_api: str = GITHUB_API
    github_token: str = field(default="", repr=False)
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_profile: str = ""
    s3_credentials_file: str = ""
    logins: tuple[Login, ...] = ()
    browser: bool = True
    browser_path: str = ""
    timeout_s: float = 30.0
    connect_s: float = 10.0


def read_options(environment: Mapping[str, str] = os.environ, home: Path | None = None) -> ResolverOptions:
    """The options that the environment and the files of the services' own tools in `home` give. Never fails: a file
    that cannot be read is one that is not there.
    """
    home = home or Path.home()
    read = _Reader(environment)
    domain = read("MODELSCOPE_DOMAIN")
    return ResolverOptions(
        hf_endpoint=read("HF_ENDPOINT").rstrip("/") or HUGGING_FACE,
        hf_token=_find_hf_token(environment, home),
        modelscope_endpoint=f"https://{domain}" if domain else MODELSCOPE,
        modelscope_token=read("MODELSCOPE_API_TOKEN"),
        github_token=read("GITHUB_TOKEN", "GH_TOKEN"),
        s3_endpoint=read("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL").rstrip("/"),
        logins=read_logins(environment, home),
    )


@dataclass(frozen=True)
class _Reader:
    environment: Mapping[str, str]

    def __call__(self, *names: str) -> str:
        """The first of the variables that is set."""
        return next((found for name in names if (found := _clean(self.environment.get(name, "")))), "")


def _find_hf_token(environment: Mapping[str, str], home: Path) -> str:
    """Where huggingface_hub looks, in its order."""
    cache = environment.get("XDG_CACHE_HOME") or home / ".cache"
    folder = Path(environment.get("HF_HOME") or Path(cache, "huggingface"))
    path = Path(environment.get("HF_TOKEN_PATH") or folder / "token").expanduser()
    return _Reader(environment)("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") or _clean(_read_text(path))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _clean(value: str) -> str:
    """Pasted values come with line ends, which no header may have."""
    return "".join(value.split())
