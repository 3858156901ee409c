"""Plain URLs: the link is the address itself, with the source's own headers."""

from typing import Final

from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link

SCHEMES: Final = ("http://", "https://")


class PlainResolver:
    """Takes what no other resolver wants."""

    def accepts(self, source: DownloadSource) -> bool:
        return source.url.lower().startswith(SCHEMES)

    def name(self, source: DownloadSource) -> str:
        return source.host

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:  # noqa: ARG002 - the protocol's signature
        return Link(source.url, source.headers)
