"""The commands, in this process, with work that is made up."""

import os
import signal
import threading
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from heygem.cli import add_default_command, app
from heygem.commands import checks, progress
from heygem.commands.checks import Check, State
from heygem.commands.generate import DEMO_PERSON, DEMO_VOICE
from heygem.config.settings import Settings, load_settings
from heygem.config.strings import Translator
from heygem.domain.errors import EncodeError, NoFaceError
from heygem.domain.job import EngineName, FaceChoice, FaceRule, LipSyncRequest, LipSyncResult
from heygem.domain.media import TimeRange
from heygem.domain.progress import CancelToken, Progress, ProgressSink, Stage
from heygem.jobs.naming import OutputNamer
from heygem.services import Services
from tests.serving import free_port

pytestmark = pytest.mark.usefixtures("own_log")


@dataclass
class FakeGenerator:
    """Writes a few bytes, or raises `error`; `wait_for_cancel` goes on until somebody cancels."""

    error: Exception | None = None
    wait_for_cancel: bool = False
    unchanged: tuple[TimeRange, ...] = ()
    seen: list[LipSyncRequest] = field(default_factory=list)
    engines: list[EngineName] = field(default_factory=list)

    def generate(self, request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken) -> LipSyncResult:
        self.seen.append(request)
        sink(Progress(Stage.RENDER, 0, 50))
        if self.wait_for_cancel:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            for _ in cancel.guard(iter(int, 1)):
                threading.Event().wait(0.01)
        sink(Progress(Stage.RENDER, 50, 50, 0.0))
        if self.error:
            raise self.error
        request.output.parent.mkdir(parents=True, exist_ok=True)
        request.output.write_bytes(bytes(1_500_000))
        return LipSyncResult(request.output, 50, 2.0, self.unchanged)


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> FakeGenerator:
    fake = FakeGenerator()

    @dataclass
    class FakeServices:
        settings: Settings

        def get_generator(self, engine: EngineName) -> FakeGenerator:
            fake.engines.append(engine)
            return fake

        @property
        def namer(self) -> OutputNamer:
            return OutputNamer(self.settings.paths.outputs, lambda _: [1], self.settings.library.owner)

    monkeypatch.setattr("heygem.services.Services", FakeServices)
    return fake


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("outputs", "cache", "logs"):
        monkeypatch.setenv(f"HEYGEM_PATHS__{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("HEYGEM_LANG", "en")


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, add_default_command([str(argument) for argument in arguments]))
    return result.exit_code, result.stdout, result.stderr


def test_without_a_command_the_page_is_served():
    assert add_default_command([]) == ["serve"]
    assert add_default_command(["--port", "1"]) == ["serve", "--port", "1"]
    assert add_default_command(["doctor"]) == ["doctor"]
    assert add_default_command(["--help"]) == ["--help"]


def test_generate_says_where_the_video_is(generator: FakeGenerator, tmp_path: Path):
    generator.unchanged = (TimeRange(0.4, 0.8), TimeRange(1, 2))
    target = tmp_path / "out.mp4"
    status, out, err = run("generate", "--video", "a.mp4", "--audio", "b.wav", "--out", target, "--face", "2")
    assert status == 0, err
    path, facts, unchanged = out.splitlines()
    assert path == str(target)
    assert facts.startswith("1.5 MB, 0:02 long (50 frames), made in 0:0")
    assert "0:00.40-0:00.80, 0:01.00-0:02.00" in unchanged
    assert "Rendering 0/50" in err and "Rendering 50/50" in err
    assert generator.seen == [
        LipSyncRequest(Path("a.mp4"), Path("b.wav"), target, FaceChoice(FaceRule.NUMBER, 2)),
    ]
    assert generator.engines == [EngineName.EMBEDDED]


def test_the_engine_is_the_option_s_or_the_setting_s(
    generator: FakeGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ["generate", "--video", "a.mp4", "--audio", "b.wav", "--out"]
    assert run(*words, tmp_path / "1.mp4", "--engine", "wav2lip")[0] == 0
    monkeypatch.setenv("HEYGEM_ENGINE", "wav2lip")
    assert run(*words, tmp_path / "2.mp4")[0] == 0
    assert run(*words, tmp_path / "3.mp4", "--engine", "embedded")[0] == 0
    assert [request.engine for request in generator.seen] == generator.engines == ["wav2lip", "wav2lip", "embedded"]


@pytest.mark.usefixtures("generator")
def test_generate_names_the_video_by_itself(tmp_path: Path):
    what = ("generate", "--video", "me.mp4", "--audio", "say.wav", "--output_dir", tmp_path / "own")
    for owner, signed in ((), "heygem"), (("--owner", "市场 部"), "市场_部"):
        status, out, _ = run(*what, *owner)
        assert status == 0
        path = Path(out.splitlines()[0])
        assert path.parent.parent.parent == tmp_path / "own"
        assert (path.parent.name, path.name) == (signed, f"{signed}_me_say_v1.mp4")


def test_demo_uses_media_that_are_installed(generator: FakeGenerator):
    assert run("demo")[0] == 0
    request = generator.seen[0]
    assert request.person.is_file() and str(request.person).endswith(DEMO_PERSON[1])
    assert request.voice.is_file() and str(request.voice).endswith(DEMO_VOICE[1])


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NoFaceError(Path("a.mp4")), 2, "FACE_NOT_FOUND"),
        (EncodeError(reason="x"), 1, "ENCODE_FAILED"),
        (ZeroDivisionError("by zero"), 1, "UNEXPECTED"),
        (KeyboardInterrupt(), 130, "CANCELLED"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_error_is_one_sentence(
    generator: FakeGenerator, error: Exception, status: int, code: str, language: str, tmp_path: Path
):
    generator.error = error
    found, out, err = run("generate", "--video", "a.mp4", "--audio", "b.wav", "--language", language)
    assert (found, out) == (status, "")
    assert err.splitlines()[-1].endswith(f"[{code}]")
    assert err.count("\n") == 3  # two lines of progress, one of the error
    assert "Traceback" not in err
    log = (tmp_path / "logs" / "heygem.log").read_text(encoding="utf-8")
    assert code in log or "Traceback" in log


def test_a_face_that_is_none_is_told_before_any_work(generator: FakeGenerator):
    status, _, err = run("generate", "--video", "a.mp4", "--audio", "b.wav", "--face", "uppermost")
    assert status == 2 and err.endswith("[FACE_CHOICE_INVALID]\n") and not generator.seen


@pytest.mark.usefixtures("generator")
def test_a_wrong_setting_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEYGEM_ENCODE__CRF", "99")
    status, _, err = run("generate", "--video", "a.mp4", "--audio", "b.wav")
    assert status == 2 and "encode.crf" in err and err.endswith("[SETTINGS_INVALID]\n")


def test_ctrl_c_cancels(generator: FakeGenerator):
    generator.wait_for_cancel = True
    before = signal.getsignal(signal.SIGINT)
    status, out, err = run("generate", "--video", "a.mp4", "--audio", "b.wav")
    assert (status, out) == (130, "")
    assert err.endswith("[CANCELLED]\n")
    assert signal.getsignal(signal.SIGINT) is before


def test_serve_hands_the_options_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    served: list[Settings] = []
    monkeypatch.setattr("heygem.web.app.serve", lambda services: served.append(services.settings))
    monkeypatch.setattr("heygem.services.Services.working", lambda _: nullcontext())
    status, _, err = run(
        "--host", "0.0.0.0", "--port", "7999", "--output-dir", tmp_path, "--model_path", tmp_path / "m"
    )
    assert status == 0, err
    settings = served[0]
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 7999)
    assert (settings.paths.outputs, settings.paths.models) == (tmp_path, tmp_path / "m")


@pytest.mark.parametrize(("state", "status"), [(State.OK, 0), (State.WARN, 0), (State.BAD, 1)])
def test_doctor_fails_where_something_needed_is_missing(state: State, status: int, monkeypatch: pytest.MonkeyPatch):
    found = Check("disk", state, "12 MB", "disk_low")
    monkeypatch.setattr("heygem.commands.doctor.run_checks", lambda _: iter([found]))
    code, out, _ = run("doctor")
    assert code == status
    assert "12 MB" in out and "→" in out


def test_doctor_goes_on_after_a_check_that_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "check_torch", lambda: 1 / 0)
    found = {check.topic: check for check in checks.run_checks(load_settings(paths={"data": tmp_path}))}
    assert found["torch"].state is State.BAD
    assert found["python"].state is State.OK
    topics = ["python", "torch", "device", "ffmpeg", "encoder", "disk", "models", "engines", "downloads"]
    assert list(found) == [*topics, "queue", "alerts"]


def test_doctor_tells_of_the_queue_and_keeps_the_password(tmp_path: Path):
    check = checks.check_queue(Services(load_settings(paths={"data": tmp_path})))
    assert check.state is State.OK and check.detail.endswith("heygem.db: 0 / 0")
    away = f"postgresql+psycopg://me:secret@127.0.0.1:{free_port()}/jobs"
    check = checks.check_queue(Services(load_settings(database={"url": away})))
    assert (check.state, check.hint) == (State.BAD, "database_away") and "secret" not in check.detail


def test_models_that_are_missing_are_named(tmp_path: Path):
    check = checks.check_models(tmp_path)
    assert check.state is State.BAD and ".safetensors" in check.detail


def test_engines_that_can_be_had_are_told_and_the_others_how(tmp_path: Path):
    def check(**settings: Any) -> Check:
        chosen = load_settings(paths={"models": tmp_path, "data": tmp_path}, **settings)
        return checks.check_engines(Services(chosen))

    assert check() == Check("engines", State.OK, "embedded", "wav2lip_missing")
    assert check(engine="wav2lip").state is State.BAD
    weights = tmp_path / "wav2lip" / "wav2lip_gan.pth"
    weights.parent.mkdir()
    weights.write_bytes(b"weights of nobody")
    assert (check().state, check().hint) == (State.WARN, "wav2lip_unverified")
    assert check(engine="wav2lip").state is State.BAD
    trusted = check(allow_unverified=True)
    assert (trusted.state, trusted.hint) == (State.OK, "") and trusted.detail.startswith("embedded, wav2lip (")


def test_downloads_that_are_damaged_are_told(tmp_path: Path):
    services = Services(load_settings(paths={"models": tmp_path, "data": tmp_path}))
    fresh = checks.check_downloads(services)
    assert fresh.state is State.OK and fresh.detail.startswith(f"{tmp_path}: 0 / ")
    (tmp_path / "mediapipe").mkdir()
    (tmp_path / "mediapipe" / "face_landmarker.task").write_bytes(b"cut off")
    assert (checks.check_downloads(services).state, checks.check_downloads(services).hint) == (
        State.WARN,
        "downloads_damaged",
    )


def test_a_clock_is_read_at_a_glance():
    assert [progress.format_clock(seconds) for seconds in (0, 59.6, 3599, 7322)] == ["0:00", "1:00", "59:59", "2:02:02"]


def test_lines_are_sparse():
    lines: list[str] = []
    clock = iter(range(10_000))
    sink = progress.LineSink(Translator("en"), lines.append, lambda: next(clock) / 100)
    for done in range(1001):
        sink(Progress(Stage.TRACK, done, 1000, 12.0))
    sink(Progress(Stage.RENDER, 0, 10))
    assert lines[0] == "Tracking the face 0/1000 about 0:12 left"
    assert lines[-1] == "Rendering 0/10"
    assert "Tracking the face 1000/1000 about 0:12 left" in lines
    assert len(lines) < 8


def test_bars_show_each_stage():
    console = Console(force_terminal=True, width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    with progress.shown_progress(console, Translator("zh")) as sink:
        sink(Progress(Stage.TRACK, 10, 10))
        sink(Progress(Stage.RENDER, 5, 10, 65.0))
    text = console.export_text()
    assert "跟踪人脸" in text and "5/10" in text and "1:05" in text
    console.file.close()
