"""The commands of app.py. Without one, the page is served."""

import sys
from collections.abc import Sequence
from typing import Final

import typer

from heygem.commands.alerts import alerts
from heygem.commands.archive import archive
from heygem.commands.batch import batch
from heygem.commands.doctor import doctor
from heygem.commands.frame import help_text
from heygem.commands.generate import demo, generate
from heygem.commands.model_fetch import add_fetch
from heygem.commands.model_fetch import app as models
from heygem.commands.prune import prune
from heygem.commands.serve import serve
from heygem.commands.worker import worker

HELP: Final = ("-h", "--help")

app = typer.Typer(
    help=help_text("cli.help"),
    context_settings={"help_option_names": list(HELP)},
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (serve, generate, batch, worker, demo, prune, archive, alerts, doctor):
    app.command(help=help_text(f"cli.{command.__name__}"))(command)
app.add_typer(models, name="models", help=help_text("fetch.app"))


def add_default_command(arguments: Sequence[str]) -> list[str]:
    """`arguments` with `serve` before them where they name no command and do not ask for help, and with the command
    of `models` where that is left out.
    """
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in HELP):
        return [serve.__name__, *arguments]
    if arguments[0] == "models":
        return [arguments[0], *add_fetch(arguments[1:])]
    return list(arguments)


def main() -> None:
    app(add_default_command(sys.argv[1:]))
