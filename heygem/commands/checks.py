"""What must be there for HeyGem to work, checked one by one. Knows nothing of how it is shown."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heygem.config.settings import Settings
from heygem.domain.errors import DatabaseError, HeyGemError, SettingsError
from heygem.domain.job import EngineName, JobState
from heygem.domain.model_errors import WeightsUnverifiedError
from heygem.domain.models import ModelState
from heygem.engines.model_files import find_wav2lip

if TYPE_CHECKING:
    from heygem.services import Services

LOW_DISK_MB: Final = 5_000
MOST_JOBS: Final = 10_000
_MB: Final = 1_000_000


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """`topic` is a key of [doctor] in strings.toml, and so is `hint`, which says what to do; "" where all is well."""

    topic: str
    state: State
    detail: str
    hint: str = ""


def run_checks(settings: Settings) -> Iterator[Check]:
    """Every check in turn; one that fails in an unforeseen way is BAD and does not stop the rest."""

    @cache
    def services() -> "Services":
        from heygem.services import Services  # here, so that --help does without the database

        return Services(settings)

    checks: dict[str, Callable[[Settings], Check]] = {
        "python": lambda _: check_python(),
        "torch": lambda _: check_torch(),
        "device": check_device,
        "ffmpeg": lambda _: check_ffmpeg(),
        "encoder": check_encoder,
        "disk": check_disk,
        "models": lambda settings: check_models(settings.paths.models),
        "engines": lambda _: check_engines(services()),
        "downloads": lambda _: check_downloads(services()),
        "queue": lambda _: check_queue(services()),
        "alerts": lambda _: check_alerts(services()),
    }
    if settings.archive.url:
        checks["archive"] = check_archive
    for topic, check in checks.items():
        try:
            yield check(settings)
        except Exception as error:  # whatever is broken on this machine is what is asked for
            yield Check(topic, State.BAD, f"{type(error).__name__}: {error}", "reinstall")


def check_python() -> Check:
    return Check("python", State.OK, platform.python_version())


def check_torch() -> Check:
    from heygem.engines import device  # here, so that --help does without torch

    assert device
    return Check("torch", State.OK, version("torch"))


def check_device(settings: Settings) -> Check:
    """Where the networks run; a CPU does, at a slower pace."""
    from heygem.engines.device import choose_device, describe_device

    device = choose_device(settings.device)
    if device.type == "cpu":
        return Check("device", State.WARN, describe_device(device), "device_cpu")
    return Check("device", State.OK, describe_device(device))


def check_ffmpeg() -> Check:
    from heygem.media.ffmpeg_binary import find_ffmpeg

    try:
        ffmpeg = find_ffmpeg()
    except HeyGemError:
        return Check("ffmpeg", State.BAD, "-", "ffmpeg_missing")
    answer = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True, timeout=20)
    return Check("ffmpeg", State.OK, f"{ffmpeg} ({' '.join(answer.stdout.split()[1:3])})")


def check_encoder(settings: Settings) -> Check:
    """NVENC if a trial encode with it works, else libx264."""
    from heygem.media.ffmpeg_binary import choose_encoder, find_ffmpeg

    try:
        codec = choose_encoder(find_ffmpeg()) if settings.encode.codec == "auto" else settings.encode.codec
    except HeyGemError:
        return Check("encoder", State.BAD, "-", "ffmpeg_missing")
    return Check("encoder", State.OK, str(codec))


def check_disk(settings: Settings) -> Check:
    folder = settings.paths.outputs
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free_mb = shutil.disk_usage(there).free // _MB
    if free_mb >= LOW_DISK_MB:
        return Check("disk", State.OK, f"{free_mb} MB: {folder}")
    state = State.WARN if free_mb > settings.limits.disk_reserve_mb else State.BAD
    return Check("disk", state, f"{free_mb} MB: {folder}", "disk_low")


def check_models(folder: Path) -> Check:
    """Whether each file that the engines load is there and whole, as far as its header can tell."""
    from heygem.engines.embedded import LIP_MOTION_FILE, RENDERER_FILE
    from heygem.engines.face_tracker import DETECTOR_FILE, LANDMARKER_FILE, LIPS_FILE
    from heygem.engines.weights import read_metadata

    names = (DETECTOR_FILE, LANDMARKER_FILE, LIPS_FILE, LIP_MOTION_FILE, RENDERER_FILE)
    found, unusable = [], []
    for name in names:
        try:
            read_metadata(folder / name)
            found.append(f"{name} {(folder / name).stat().st_size / _MB:.1f} MB")
        except (HeyGemError, OSError) as error:
            unusable.append(f"{name} ({type(error.__cause__ or error).__name__})")
    if unusable:
        return Check("models", State.BAD, f"{folder}: {', '.join(unusable)}", "models_missing")
    return Check("models", State.OK, f"{folder}: {', '.join(found)}")


def check_engines(services: "Services") -> Check:
    """Which engines can be had: the own one, whose weights `check_models` looks at, and Wav2Lip where its weights are
    there and known. BAD where that is what the settings choose and cannot be had.
    """
    settings, own = services.settings, str(EngineName.EMBEDDED)
    is_needed = settings.engine is EngineName.WAV2LIP
    weights = find_wav2lip(settings.paths.models)
    if weights is None:
        return Check("engines", State.BAD if is_needed else State.OK, own, "wav2lip_missing")
    try:
        services.models.store.check_verified(weights)
    except WeightsUnverifiedError:
        if not settings.allow_unverified:
            return Check("engines", State.BAD if is_needed else State.WARN, f"{own} ({weights})", "wav2lip_unverified")
    except HeyGemError as error:
        return Check("engines", State.BAD, f"{own} ({error})", "downloads_damaged")
    return Check("engines", State.OK, f"{own}, {EngineName.WAV2LIP} ({weights})")


def check_downloads(services: "Services") -> Check:
    """How many of the models that can be downloaded are here whole, and whether there is a place for them."""
    folder, statuses = services.settings.paths.models, services.models.store.list_statuses()
    states = [status.state for status in statuses]
    here = sum(state in (ModelState.INSTALLED, ModelState.UNVERIFIED, ModelState.OUTDATED) for state in states)
    detail = f"{folder}: {here} / {len(states)}"
    if ModelState.DAMAGED in states:
        return Check("downloads", State.WARN, detail, "downloads_damaged")
    if any(status.must_update for status in statuses):
        return Check("downloads", State.WARN, detail, "downloads_outdated")
    if not os.access(folder, os.W_OK):
        return Check("downloads", State.WARN, detail, "downloads_read_only")
    return Check("downloads", State.OK, detail)


def check_queue(services: "Services") -> Check:
    """Whether the database answers, how many jobs are open in it, and how many workers live."""
    try:
        queue = services.queue
        workers = len(queue.list_live_workers())
        jobs = len(queue.list_jobs(states=[state for state in JobState if not state.is_final], limit=MOST_JOBS))
        queue.database.close()
    except DatabaseError as error:
        return Check("queue", State.BAD, str(error.context["reason"]), "database_away")
    return Check("queue", State.OK, f"{queue.database.name}: {jobs} / {workers}")


def check_alerts(services: "Services") -> Check:
    """Whether anybody is told when something is wrong; sends nothing."""
    try:
        targets = services.alerting.targets
    except SettingsError as error:
        return Check("alerts", State.BAD, str(error), "alerts_wrong")
    if not targets:
        return Check("alerts", State.WARN, "-", "alerts_none")
    return Check("alerts", State.OK, ", ".join(target.name for target in targets))


def check_archive(settings: Settings) -> Check:
    """Whether a file can be put there, read and removed again."""
    from heygem.library.stores.opening import open_store
    from heygem.library.stores.probe import probe_store

    try:
        store = open_store(settings.archive, settings.paths.outputs.absolute())
        assert store is not None
        probe_store(store)
    except HeyGemError as error:
        return Check("archive", State.BAD, str(error), "archive_away")
    return Check("archive", State.OK, store.place)
