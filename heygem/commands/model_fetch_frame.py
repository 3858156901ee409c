"""What the commands of `ai-model-fetch` have in common: their options, their models, and how they end."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from heygem.commands.frame import explained_errors, help_text, make_translator, prepare_settings
from heygem.commands.model_fetch_output import JsonOutput, Output, TextOutput
from heygem.commands.signals import cancelled_by_signals
from heygem.config.settings import Settings
from heygem.config.strings import Language, Translator
from heygem.domain.errors import CancelledError, HeyGemError
from heygem.domain.models import ModelEntry
from heygem.domain.progress import CancelToken

if TYPE_CHECKING:
    from heygem.downloads.fetcher import ModelFetcher
    from heygem.downloads.store import ModelStore

ModelsArgument: TypeAlias = Annotated[list[str] | None, typer.Argument(metavar="MODEL", help=help_text("fetch.models"))]
ManifestOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--manifest", "-m", help=help_text("fetch.manifest"))
]
TargetDirOption: TypeAlias = Annotated[
    Path | None, typer.Option("--target-dir", "--target_dir", "-d", readable=False, help=help_text("fetch.target_dir"))
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help=help_text("fetch.json"))]
ConnectionsOption: TypeAlias = Annotated[int | None, typer.Option(min=1, max=64, help=help_text("fetch.connections"))]
LimitOption: TypeAlias = Annotated[float | None, typer.Option(min=0, help=help_text("fetch.limit"))]
ProxyOption: TypeAlias = Annotated[str | None, typer.Option(help=help_text("fetch.proxy"))]


@dataclass(frozen=True)
class ModelCommand:
    """What one command works with."""

    say: Translator
    out: Output
    settings: Settings
    store: "ModelStore"
    fetcher: "ModelFetcher"
    token: CancelToken

    def choose(self, names: Sequence[str] | None) -> list[ModelEntry]:
        """Those named, or all. Raises ModelNotFoundError."""
        catalogue = self.store.catalogue
        return [catalogue.get(name) for name in names] if names else list(catalogue.models)


@contextmanager
def model_command(
    manifest: Sequence[str] | None,
    target_dir: Path | None,
    is_json: bool,
    language: Language | None,
    proxy: str | None = None,
    **wanted: Any,
) -> Iterator[ModelCommand]:
    """`wanted` are settings of [downloads], None for what the command line leaves as it is.

    Ctrl-C sets the token. Errors end the command with a sentence, or an object, and their exit status; one that was
    stopped says how to go on.
    """
    say = make_translator(language)
    out: Output = JsonOutput(say) if is_json else TextOutput(say)
    token = CancelToken()
    with explained_errors(say), cancelled_by_signals(token):
        try:
            if proxy:
                use_proxy(proxy)
            settings = prepare_settings(model_path=target_dir, downloads=wanted)
            yield _build(say, out, settings, manifest, token)
        except CancelledError as error:
            if is_json:
                out.error(error)
            print(say("fetch.stopped"), file=sys.stderr)
            raise typer.Exit(error.exit_status) from error
        except HeyGemError as error:
            if is_json:
                out.error(error)
            raise


def use_proxy(proxy: str) -> None:
    """For everything that this process asks for, resolvers too; NO_PROXY counts as before."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ[name] = os.environ[name.upper()] = proxy


def _build(
    say: Translator, out: Output, settings: Settings, manifest: Sequence[str] | None, token: CancelToken
) -> ModelCommand:
    from heygem.downloads.assembly import (
        OWN_MANIFEST,
        build_fetcher,
        load_catalogue,
    )  # httpx, which --help goes without

    places = manifest or [*settings.downloads.manifests, str(OWN_MANIFEST)]
    catalogue = load_catalogue(places, settings.paths.cache / "manifests")
    reserve_bytes = settings.limits.disk_reserve_mb * 1_000_000
    fetcher = build_fetcher(settings.paths.models.absolute(), catalogue, settings.downloads, reserve_bytes)
    return ModelCommand(say, out, settings, fetcher.store, fetcher, token)
