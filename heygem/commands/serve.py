"""`serve`: the page."""

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


def serve(
    host: Annotated[str | None, typer.Option(help=help_text("cli.host"))] = None,
    port: Annotated[int | None, typer.Option(help=help_text("cli.port"))] = None,
    allow_unverified: UnverifiedOption = None,
    output_dir: OutputDirOption = None,
    model_path: ModelPathOption = None,
    language: LanguageOption = None,
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(
            output_dir=output_dir,
            model_path=model_path,
            host=host,
            port=port,
            page_language=language,
            allow_unverified=allow_unverified,
        )
        from heygem.media.ffmpeg_binary import find_ffmpeg  # here, so that --help does without torch and gradio
        from heygem.services import Services
        from heygem.web.app import serve as serve_page

        find_ffmpeg()
        services = Services(settings)
        with services.working():
            serve_page(services)
