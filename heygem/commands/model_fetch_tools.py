"""The commands of `ai-model-fetch` that download nothing: list, verify, import, remove, resolve."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import unquote

import typer

from heygem.commands.frame import LanguageOption, help_text
from heygem.commands.model_fetch_frame import (
    JsonOption,
    ManifestOption,
    ModelCommand,
    ModelsArgument,
    ProxyOption,
    TargetDirOption,
    model_command,
)
from heygem.domain.model_errors import SourceError
from heygem.domain.models import DownloadSource, ModelFile, ModelState
from heygem.downloads.pasted import parse_pasted


def list_(
    models: ModelsArgument = None,
    manifest: ManifestOption = None,
    target_dir: TargetDirOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    with model_command(manifest, target_dir, as_json, language) as command:
        for entry in command.choose(models):
            command.out.model(command.store.get_status(entry.name))


def verify(
    models: ModelsArgument = None,
    manifest: ManifestOption = None,
    target_dir: TargetDirOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    with model_command(manifest, target_dir, as_json, language) as command:
        entries = command.choose(models)
        if not models:  # what was never asked for is not wrong
            entries = [e for e in entries if command.store.get_status(e.name).state is not ModelState.MISSING]
        with command.out.progress() as sink:
            statuses = [command.fetcher.verify(entry.name, sink, command.token) for entry in entries]
        for status in statuses:
            command.out.model(status)
        if not all(status.is_usable for status in statuses):
            raise typer.Exit(1)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=help_text("fetch.files"))],
    move: Annotated[bool, typer.Option("--move", help=help_text("fetch.move"))] = False,
    link: Annotated[bool, typer.Option("--link", help=help_text("fetch.link"))] = False,
    manifest: ManifestOption = None,
    target_dir: TargetDirOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    from heygem.downloads.importing import ImportMode, import_files  # here, so that --help does without the store

    mode = ImportMode.MOVE if move else ImportMode.LINK if link else ImportMode.COPY
    with model_command(manifest, target_dir, as_json, language) as command:
        with command.out.progress() as sink:
            imported = import_files(command.store, files, mode, sink, command.token)
        for file in imported:
            command.out.imported(file)
        for name in dict.fromkeys(file.model for file in imported):
            command.out.model(command.store.get_status(name))


def remove(
    models: Annotated[list[str], typer.Argument(metavar="MODEL", help=help_text("fetch.models_removed"))],
    manifest: ManifestOption = None,
    target_dir: TargetDirOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    with model_command(manifest, target_dir, as_json, language) as command:
        for entry in command.choose(models):
            with command.store.alone(entry.name):
                freed_bytes = command.store.remove(entry.name)
            command.out.removed(entry.name, freed_bytes)


def resolve(
    what: Annotated[str, typer.Argument(metavar="MODEL|URL", help=help_text("fetch.what"))],
    code: Annotated[str, typer.Option(help=help_text("fetch.code"))] = "",
    manifest: ManifestOption = None,
    target_dir: TargetDirOption = None,
    proxy: ProxyOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    with model_command(manifest, target_dir, as_json, language, proxy) as command:
        found = 0
        for file, source in list_sources(command, what, code):
            try:
                command.out.link(source, command.fetcher.open_source(source, file).get_link())
                found += 1
            except SourceError as error:
                command.out.error(error)
        if not found:
            raise typer.Exit(1)


def list_sources(command: ModelCommand, what: str, code: str) -> list[tuple[ModelFile, DownloadSource]]:
    """Of an address, alone or in what was pasted with it, or of all files of the model. Raises ModelNotFoundError."""
    pasted = parse_pasted(what) or ([DownloadSource(what)] if "://" in what else [])
    if pasted:
        return [(_guess_file(source.url), replace(source, code=code or source.code)) for source in pasted]
    files = command.store.catalogue.get(what).files
    return [(file, source) for file in files for source in file.sources]


def _guess_file(url: str) -> ModelFile:
    """What an address seems to be of; size and checksum are not known."""
    return ModelFile(PurePosixPath(unquote(url.partition("?")[0])).name or "file", 0, "")
