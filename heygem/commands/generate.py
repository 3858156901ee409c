"""`generate`: one lip-sync job on the shell. `demo`: the same with media that come with installed packages."""

import time
from datetime import datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from heygem.commands.frame import (
    EngineOption,
    LanguageOption,
    ModelPathOption,
    OutputDirOption,
    OwnerOption,
    UnverifiedOption,
    explained_errors,
    help_text,
    make_translator,
    prepare_settings,
)
from heygem.commands.progress import format_clock, shown_progress
from heygem.commands.signals import cancelled_by_signals
from heygem.config.strings import Translator
from heygem.domain.errors import CancelledError, FaultError
from heygem.domain.job import FaceChoice, LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken
from heygem.jobs.naming import derive_topic

if TYPE_CHECKING:
    from heygem.services import Services

DEMO_PERSON: Final = ("scikit-image", "skimage/data/astronaut.png")  # (512, 512), public domain, NASA
DEMO_VOICE: Final = ("gradio", "gradio/media_assets/audio/cate_blanch.mp3")  # 8 s of clear speech with pauses


# `readable=False`: the pipeline tells of files that cannot be read, in the user's language.
def generate(
    video: Annotated[Path, typer.Option("--video", "-v", readable=False, help=help_text("cli.video"))],
    audio: Annotated[Path, typer.Option("--audio", "-a", readable=False, help=help_text("cli.audio"))],
    out: Annotated[Path | None, typer.Option("--out", "-o", help=help_text("cli.out"))] = None,
    face: Annotated[str, typer.Option(help=help_text("cli.face"))] = "largest",
    engine: EngineOption = None,
    allow_unverified: UnverifiedOption = None,
    owner: OwnerOption = None,
    output_dir: OutputDirOption = None,
    model_path: ModelPathOption = None,
    language: LanguageOption = None,
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(
            output_dir=output_dir, model_path=model_path, allow_unverified=allow_unverified, owner=owner
        )
        from heygem.services import Services  # here, so that --help does without the database

        services = Services(settings)
        target = out.absolute() if out else _plan(services, video, audio)
        request = LipSyncRequest(video, audio, target, FaceChoice.parse(face), engine or settings.engine)
        _run(services, request, say)


def demo(
    output_dir: OutputDirOption = None, model_path: ModelPathOption = None, language: LanguageOption = None
) -> None:
    say = make_translator(language)
    with explained_errors(say):
        settings = prepare_settings(output_dir=output_dir, model_path=model_path)
        from heygem.services import Services

        services = Services(settings)
        person, voice = find_packaged(*DEMO_PERSON), find_packaged(*DEMO_VOICE)
        _run(services, LipSyncRequest(person, voice, _plan(services, person, voice), engine=settings.engine), say)


def _plan(services: "Services", person: Path, voice: Path) -> Path:
    return services.namer.plan(derive_topic(person, voice), "", datetime.now().astimezone())


def find_packaged(package: str, name: str) -> Path:
    """A file of an installed package, which is not imported for that."""
    return Path(str(distribution(package).locate_file(name)))


def _run(services: "Services", request: LipSyncRequest, say: Translator) -> None:
    began = time.monotonic()
    cancel = CancelToken()
    with cancelled_by_signals(cancel), shown_progress(Console(stderr=True), say) as sink:
        try:
            result = services.get_generator(request.engine).generate(request, sink, cancel)
        except FaultError as error:
            if cancel.is_cancelled:  # Ctrl-C reaches the child processes too
                raise CancelledError() from error
            raise
    print(describe_result(result, time.monotonic() - began, say))


def describe_result(result: LipSyncResult, took_s: float, say: Translator) -> str:
    """The path on a line of its own, then size, duration and time, then what passed through unchanged."""
    size_mb = result.path.stat().st_size / 1e6
    facts = say(
        "cli.result",
        size_mb=f"{size_mb:.1f}",
        frames=result.frame_count,
        duration=format_clock(result.duration_s),
        took=format_clock(took_s),
    )
    lines = [str(result.path), facts]
    if result.unchanged:
        lines.append(say("cli.unchanged", ranges=", ".join(stretch.timecode() for stretch in result.unchanged)))
    return "\n".join(lines)
