"""`worker`: makes videos for a queue that others fill, on this machine, without a page."""

import threading
from typing import Annotated

import typer

from heygem.commands.frame import (
    LanguageOption,
    ModelPathOption,
    OutputDirOption,
    UnverifiedOption,
    explained_errors,
    help_text,
    make_translator,
    prepare_settings,
)
from heygem.commands.signals import told_by_signals


def worker(
    until_idle: Annotated[bool, typer.Option("--until-idle", help=help_text("cli.until_idle"))] = False,
    allow_unverified: UnverifiedOption = None,
    output_dir: OutputDirOption = None,
    model_path: ModelPathOption = None,
    language: LanguageOption = None,
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(output_dir=output_dir, model_path=model_path, allow_unverified=allow_unverified)
        from heygem.media.ffmpeg_binary import find_ffmpeg  # here, so that --help does without torch
        from heygem.services import Services

        find_ffmpeg()
        services = Services(settings)
        print(say("cli.worker_ready"), flush=True)
        stop = threading.Event()
        with told_by_signals(stop), services.upkeep.running():
            services.supervisor.run(stop, services.queue.is_idle if until_idle else lambda: False)
