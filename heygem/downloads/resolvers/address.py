"""Taking addresses apart: the words between their slashes, and when a signed one expires."""

from urllib.parse import urlsplit


def list_words(url: str) -> list[str]:
    """What stands between the slashes, still percent-encoded; of a scheme of our own, what stands for the host too."""
    parts = urlsplit(url)
    start = "" if parts.scheme in ("http", "https") else parts.netloc
    return [word for word in f"{start}{parts.path}".split("/") if word]
