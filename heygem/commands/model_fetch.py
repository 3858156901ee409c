"""`ai-model-fetch`: models, from manifests, to a folder. The same as `app.py models`."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Final

import typer

from heygem.commands.frame import LanguageOption, help_text
from heygem.commands.model_fetch_frame import (
    ConnectionsOption,
    JsonOption,
    LimitOption,
    ManifestOption,
    ModelCommand,
    ModelsArgument,
    ProxyOption,
    TargetDirOption,
    model_command,
)
from heygem.commands.model_fetch_tools import import_, list_, remove, resolve, verify
from heygem.commands.signals import interruptible
from heygem.domain.errors import CancelledError, HeyGemError
from heygem.domain.model_errors import LicenceNotAcceptedError
from heygem.domain.models import DownloadSource, ModelEntry, ModelState
from heygem.downloads.region import Region, order_sources

RegionOption = Annotated[Region | None, typer.Option(help=help_text("fetch.region"))]
SourceOption = Annotated[str, typer.Option(help=help_text("fetch.source"))]
AcceptOption = Annotated[
    bool, typer.Option("--accept-licence", "--accept-license", help=help_text("fetch.accept_licence"))
]


def fetch(
    models: ModelsArgument = None,
    manifest: ManifestOption = None,
    target_dir: TargetDirOption = None,
    accept_licence: AcceptOption = False,
    connections: ConnectionsOption = None,
    limit: LimitOption = None,
    region: RegionOption = None,
    source: SourceOption = "",
    proxy: ProxyOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    wanted = {"connections": connections, "limit_mb_per_s": limit, "region": region}
    with model_command(manifest, target_dir, as_json, language, proxy, **wanted) as command:
        bring(command, models, source, accept_licence, is_repair=False)


def repair(
    models: ModelsArgument = None,
    manifest: ManifestOption = None,
    target_dir: TargetDirOption = None,
    accept_licence: AcceptOption = False,
    connections: ConnectionsOption = None,
    limit: LimitOption = None,
    region: RegionOption = None,
    source: SourceOption = "",
    proxy: ProxyOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    wanted = {"connections": connections, "limit_mb_per_s": limit, "region": region}
    with model_command(manifest, target_dir, as_json, language, proxy, **wanted) as command:
        bring(command, models, source, accept_licence, is_repair=True)


def bring(
    command: ModelCommand, names: Sequence[str] | None, source: str, accepts_licence: bool, is_repair: bool
) -> None:
    """Each model in turn; what goes wrong with one is told, and does not keep the others from coming. Ends with the
    exit status of the first that failed.
    """
    entries = command.choose(names)
    for entry in entries:
        agree(command, entry, accepts_licence)
    choose = partial(choose_sources, wanted=source, region=Region(command.settings.downloads.region))
    failures: list[HeyGemError] = []
    with command.out.progress() as sink:
        for entry in entries:
            try:
                command.fetcher.fetch(entry.name, choose, sink, command.token, is_repair)
            except CancelledError:
                raise
            except HeyGemError as error:
                command.out.error(error)
                failures.append(error)
    for entry in entries:
        command.out.model(command.store.get_status(entry.name))
    if failures:
        raise typer.Exit(failures[0].exit_status)


def agree(command: ModelCommand, entry: ModelEntry, accepts: bool) -> None:
    """Shows what must be agreed to before anything comes, and asks where somebody is there to answer.

    Raises LicenceNotAcceptedError, CancelledError.
    """
    licences, say = command.fetcher.licences, command.say
    is_here = command.store.get_status(entry.name).state in (ModelState.INSTALLED, ModelState.UNVERIFIED)
    if is_here or licences.is_accepted(entry):
        return
    notice = entry.licence.notice.get(say.language) or next(iter(entry.licence.notice.values()))
    print(say("fetch.notice", model=entry.name, licence=entry.licence.name, url=entry.licence.url), file=sys.stderr)
    print(f"  {notice}", file=sys.stderr)
    if not accepts and is_somebody_there():
        accepts = ask(say("fetch.ask"))
    if not accepts:
        raise LicenceNotAcceptedError(model=entry.name, licence=entry.licence.name, url=entry.licence.url)
    licences.accept(entry)


def ask(question: str) -> bool:
    """Raises CancelledError for Ctrl-C, and where nobody can answer any more."""
    try:
        with interruptible():
            return typer.confirm(question, err=True)
    except (typer.Abort, KeyboardInterrupt) as error:
        raise CancelledError() from error


def is_somebody_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def choose_sources(sources: Sequence[DownloadSource], wanted: str, region: Region) -> Sequence[DownloadSource]:
    """`wanted` is an address to be asked alone, or a part of a source's; empty for all, those of the region first."""
    if "://" in wanted:
        return [next((source for source in sources if source.url == wanted), DownloadSource(wanted))]
    return [source for source in order_sources(sources, region) if wanted.lower() in source.url.lower()]


FLAGS: Final = ("--json", "--accept-licence", "--accept-license", "--move", "--link", "-h", "--help")
COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "fetch": fetch, "list": list_, "verify": verify, "repair": repair, "import": import_, "remove": remove,
    "resolve": resolve,
}  # fmt: skip

app = typer.Typer(
    help=help_text("fetch.help"),
    epilog=help_text("fetch.exit_codes"),
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=False,
)
for name, function in COMMANDS.items():
    app.command(name, help=help_text(f"fetch.{name}"), epilog=help_text("fetch.exit_codes"))(function)


def add_fetch(arguments: Sequence[str]) -> list[str]:
    """`arguments` with their command in front: wherever it stands, `fetch` where they name none and ask for no help."""
    for place, argument in enumerate(arguments):
        is_value = place > 0 and arguments[place - 1].startswith("-") and arguments[place - 1] not in FLAGS
        if argument in COMMANDS and not is_value:
            return [argument, *arguments[:place], *arguments[place + 1 :]]
    if arguments and arguments[0] in ("-h", "--help"):
        return list(arguments)
    return ["fetch", *arguments]


def main() -> None:
    app(add_fetch(sys.argv[1:]), prog_name="ai-model-fetch")


if __name__ == "__main__":
    main()
