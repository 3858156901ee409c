"""What every command stands in: its language, its settings, its log, and one sentence for each error."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from heygem.config.language import choose_language
from heygem.config.logs import set_up_logs
from heygem.config.settings import Settings, load_settings
from heygem.config.strings import Language, Translator
from heygem.domain.errors import CancelledError, HeyGemError, UnexpectedError
from heygem.domain.job import EngineName

log = logging.getLogger(__name__)

help_text = Translator(choose_language(os.environ))

LanguageOption: TypeAlias = Annotated[Language | None, typer.Option(help=help_text("cli.language"))]
OutputDirOption: TypeAlias = Annotated[
    Path | None, typer.Option("--output-dir", "--output_dir", readable=False, help=help_text("cli.output_dir"))
]
ModelPathOption: TypeAlias = Annotated[
    Path | None, typer.Option("--model-path", "--model_path", readable=False, help=help_text("cli.model_path"))
]
EngineOption: TypeAlias = Annotated[EngineName | None, typer.Option(help=help_text("cli.engine"))]
UnverifiedOption: TypeAlias = Annotated[
    bool | None, typer.Option("--allow-unverified", help=help_text("cli.allow_unverified"))
]
OwnerOption: TypeAlias = Annotated[str | None, typer.Option(help=help_text("cli.owner"))]


def make_translator(language: Language | None) -> Translator:
    return Translator(choose_language(os.environ, language))


@contextmanager
def explained_errors(say: Translator) -> Iterator[None]:
    """Ends the command with one sentence on stderr and the error's exit status; tracebacks go to the log alone."""
    try:
        yield
    except HeyGemError as error:
        _end(error, say)
    except KeyboardInterrupt:
        _end(CancelledError(), say)
    except typer.Exit:
        raise
    except Exception as error:
        log.exception("the command failed unexpectedly")
        _end(UnexpectedError(reason=str(error) or type(error).__name__), say)


def _end(error: HeyGemError, say: Translator) -> None:
    log.warning("ended by %s", error, exc_info=error.__cause__)
    print(say.explain(error), file=sys.stderr)
    raise typer.Exit(error.exit_status)


def prepare_settings(
    *,
    output_dir: Path | None = None,
    model_path: Path | None = None,
    host: str | None = None,
    port: int | None = None,
    page_language: Language | None = None,
    allow_unverified: bool | None = None,
    downloads: dict[str, Any] | None = None,
    owner: str | None = None,
) -> Settings:
    """The settings with the command line's on top, folders made absolute, and the log opened. Raises SettingsError."""
    server = {"host": host, "port": port, "language": page_language}
    paths = {"outputs": output_dir and output_dir.absolute(), "models": model_path and model_path.absolute()}
    settings = load_settings(
        server=_given(server),
        paths=_given(paths),
        downloads=_given(downloads or {}),
        library=_given({"owner": owner}),
        **_given({"allow_unverified": allow_unverified}),
    )
    set_up_logs(settings.paths.logs)
    return settings


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
