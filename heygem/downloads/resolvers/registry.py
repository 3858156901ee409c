"""All resolvers, in the order in which they are asked whether a source is theirs."""

from collections.abc import Sequence

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link, LinkSource, Resolver
from heygem.downloads.resolvers.asker import Asker
from heygem.downloads.resolvers.browser.door import BrowserDoor
from heygem.downloads.resolvers.github import GitHubResolver
from heygem.downloads.resolvers.huggingface import HuggingFaceResolver
from heygem.downloads.resolvers.modelscope import ModelScopeResolver
from heygem.downloads.resolvers.nextcloud import NextcloudDoor
from heygem.downloads.resolvers.openlist import OpenListDoor
from heygem.downloads.resolvers.options import ResolverOptions
from heygem.downloads.resolvers.remembered import RememberedLink
from heygem.downloads.resolvers.s3 import S3Resolver
from heygem.downloads.resolvers.share_page import SharePageDoor
from heygem.downloads.resolvers.web import Door, WebResolver
from heygem.downloads.resolvers.webdav import WebDavResolver


class ResolverSet:
    """For several threads. `close` it when no link is wanted any more."""

    def __init__(self, resolvers: Sequence[Resolver], asker: Asker) -> None:
        self._resolvers = resolvers
        self._asker = asker

    def open(self, source: DownloadSource, wanted: ModelFile) -> LinkSource:
        """The source as a transfer asks it. Nothing is asked before its first link is wanted; never raises."""
        resolver = self._find_resolver(source)
        name = resolver.name(source) if resolver else source.host
        return RememberedLink(name or source.url.partition(":")[0], lambda: self.resolve(source, wanted))

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        """A new link. Raises SourceError."""
        resolver = self._find_resolver(source)
        if resolver is None:
            raise SourceError(source=source.host, reason=SourceProblem.ADDRESS_INVALID)
        return resolver.resolve(source, wanted)

    def _find_resolver(self, source: DownloadSource) -> Resolver | None:
        return next((resolver for resolver in self._resolvers if resolver.accepts(source)), None)

    def close(self) -> None:
        self._asker.close()


def build_resolvers(options: ResolverOptions) -> ResolverSet:
    asker = Asker(options.timeout_s, options.connect_s)
    doors: list[Door] = [NextcloudDoor(asker), OpenListDoor(asker, options.logins), SharePageDoor(asker)]
    if options.browser:
        doors.append(BrowserDoor(options.browser_path))
    resolvers: list[Resolver] = [
        HuggingFaceResolver(options, asker),
        ModelScopeResolver(options, asker),
        GitHubResolver(options, asker),
        S3Resolver(options),
        WebDavResolver(options, asker),
        WebResolver(asker, options.logins, doors),
    ]
    return ResolverSet(resolvers, asker)
