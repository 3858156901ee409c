"""`alerts`: who is told when something is wrong, and what is wrong now; or a message to each, to see it arrive."""

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from heygem.commands.frame import (
    LanguageOption,
    OutputDirOption,
    explained_errors,
    help_text,
    make_translator,
    prepare_settings,
)
from heygem.config.strings import Translator

if TYPE_CHECKING:
    from heygem.maintenance.alerts.targets import Target


def alerts(
    test: Annotated[bool, typer.Option("--test", help=help_text("cli.alerts_test"))] = False,
    output_dir: OutputDirOption = None,
    language: LanguageOption = None,
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(output_dir=output_dir)
        from heygem.maintenance.alerts.wording import moment, name_alert  # here, so that --help does without
        from heygem.services import Services

        alerting = Services(settings).alerting
        targets = alerting.targets
        if not targets:
            print(say("alert.targets_none"))
        if test:
            if not (targets and send_to_all(targets, Translator(settings.server.language), say)):
                raise typer.Exit(1)
            return
        for number, target in enumerate(targets, start=1):
            print(f"{number}. {target.name}")
        standing = alerting.book.list_standing()
        for alert in standing:
            what = name_alert(alert.topic, alert.condition, say)
            print(say("alert.stands", what=what, since=moment(alert.since)))
        if not standing:
            print(say("alert.all_well"))


def send_to_all(targets: "Sequence[Target]", words: Translator, say: Translator) -> bool:
    """Whether a message in `words` has arrived everywhere; says of each."""
    from heygem.maintenance.alerts.targets import send_test

    title = words("alert.test_title", host=socket.gethostname())
    reasons = send_test(targets, title, words("alert.test"))
    for target, reason in zip(targets, reasons, strict=True):
        if reason is None:
            print(say("alert.arrived", name=target.name))
        else:
            print(say("alert.lost", name=target.name, reason=reason))
    return not any(reasons)
