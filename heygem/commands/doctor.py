"""`doctor`: is everything there that HeyGem needs, and what is to be done where it is not."""

from typing import Final

import typer
from rich.console import Console

from heygem.commands.checks import Check, State, run_checks
from heygem.commands.frame import (
    LanguageOption,
    ModelPathOption,
    OutputDirOption,
    explained_errors,
    make_translator,
    prepare_settings,
)
from heygem.config.strings import Translator

_MARKS: Final = {State.OK: ("✓", "green"), State.WARN: ("!", "yellow"), State.BAD: ("✗", "red")}


def doctor(
    output_dir: OutputDirOption = None, model_path: ModelPathOption = None, language: LanguageOption = None
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(output_dir=output_dir, model_path=model_path)
        console = Console(highlight=False, markup=False, soft_wrap=True)
        checks = []
        for check in run_checks(settings):
            checks.append(check)
            for line in describe_check(check, say):
                console.print(line, style=_MARKS[check.state][1] if check.state is not State.OK else None)
        is_well = all(check.state is not State.BAD for check in checks)
        console.print(say("doctor.well" if is_well else "doctor.unwell"))
        if not is_well:
            raise typer.Exit(1)


def describe_check(check: Check, say: Translator) -> list[str]:
    """The finding, and under it what to do where there is something to do."""
    lines = [f"{_MARKS[check.state][0]} {say(f'doctor.{check.topic}')}: {check.detail}"]
    return [*lines, f"    → {say(f'doctor.{check.hint}')}"] if check.hint else lines
