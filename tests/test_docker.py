"""Dockerfile, compose.yaml and the entry point say what the project has. No image is built: no engine is at hand."""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from heygem.config.settings import PathSettings, Settings
from heygem.downloads.model_paths import PROJECT_FILES

ROOT = Path(__file__).parents[1]
INSTRUCTIONS = {"FROM", "ARG", "ENV", "WORKDIR", "RUN", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, lines that go on put together."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line.strip())]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def find(steps: list[tuple[str, str]], wanted: str) -> list[str]:
    return [rest for name, rest in steps if name == wanted]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets `path` into the build; the last line that fits counts, as docker has it."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!").strip()
        parts = Path(path).parts
        above = ["/".join(parts[: number + 1]) for number in range(len(parts))]
        if line and not line.startswith("#") and any(_fits(folder, pattern) for folder in above):
            sent = line.startswith("!")
    return sent


def _fits(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(Path(path).name, pattern[3:])
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def is_setting(name: str) -> bool:
    model: Any = Settings
    for part in name.removeprefix("HEYGEM_").lower().split("__"):
        if part not in model.model_fields:
            return False
        model = model.model_fields[part].annotation
    return True


def test_each_line_of_the_dockerfile_is_an_instruction_of_one(steps):
    assert steps[0] == ("FROM", "python:3.11-slim")
    assert {name for name, _ in steps} == INSTRUCTIONS
    assert all(rest for _, rest in steps)
    for command in find(steps, "RUN"):
        subprocess.run(["bash", "-n", "-c", command], check=True)


def test_the_user_is_not_root_and_owns_what_is_written_to(steps):
    assert find(steps, "USER") == ["heygem"]
    made = next(command for command in find(steps, "RUN") if "install -d" in command)
    assert set(PathSettings.model_fields) <= set(shlex.split(made))


def test_what_is_copied_is_there_and_sent(steps):
    copied = [part for rest in find(steps, "COPY") for part in rest.split()[:-1] if not part.startswith("--")]
    assert copied
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for source in copied:
        files = [path for path in tracked if path == source or path.startswith(f"{source}/")]
        assert files, source
        assert [path for path in files if not is_sent(path)] == []


def test_what_was_downloaded_or_made_here_is_not_sent():
    for path in ("models/wav2lip/wav2lip_gan.pth", "models/.heygem/receipts/x.json", ".venv/bin/python", ".git/HEAD"):
        assert not is_sent(path), path
    for path in ("outputs/x.mp4", "heygem.toml", "heygem.env", "heygem/web/__pycache__/app.pyc", "data/heygem.db"):
        assert not is_sent(path), path


def test_the_environment_is_of_settings_that_there_are(steps, compose):
    named = [name for rest in find(steps, "ENV") for name in re.findall(r"\b(HEYGEM_\w+)=", rest)]
    named += compose["x-heygem"]["environment"]
    named += re.findall(r"\b(HEYGEM_\w+)\b", (ROOT / "docs" / "docker.md").read_text("utf-8"))
    assert "HEYGEM_SERVER__HOST" in named
    assert [name for name in named if name != "HEYGEM_" and not is_setting(name)] == []


def test_each_folder_of_the_settings_is_a_volume(compose):
    for name in ("heygem", "worker"):
        mounts = dict(reversed(mount.rsplit(":", 1)) for mount in compose["services"][name]["volumes"])
        models = compose["services"][name]["environment"]["HEYGEM_PATHS__MODELS"]
        assert set(mounts) == {models, *(f"/app/{folder}" for folder in set(PathSettings.model_fields) - {"models"})}
        volumes = {re.sub(r"^\$\{\w+:-(\w+)\}$", r"\1", source) for source in mounts.values()}
        assert volumes <= set(compose["volumes"])


def test_services_build_what_the_dockerfile_takes_and_need_what_there_is(steps, compose):
    services = compose["services"]
    declared = {rest.partition("=")[0] for rest in find(steps, "ARG")}
    assert services["heygem"]["build"]["args"].keys() <= declared
    assert services["heygem"]["depends_on"].keys() <= services.keys()
    assert services["heygem"]["ports"][0].endswith(":" + find(steps, "EXPOSE")[0])
    assert "profiles" not in services["heygem"]
    assert services["worker"]["profiles"] and services["db"]["profiles"]


def test_the_health_check_is_python_and_asks_for_health(steps):
    code = yaml.safe_load(find(steps, "HEALTHCHECK")[0].partition("CMD ")[2])[2]
    compile(code, "healthcheck", "exec")
    assert "'/healthz'" in code and find(steps, "EXPOSE")[0] in code


@pytest.fixture
def image(tmp_path) -> Path:
    """What the image's /app looks like to the entry point; python says what it is called with."""
    root = tmp_path / "app"
    (root / "docker").mkdir(parents=True)
    shutil.copy(ROOT / "docker" / "entrypoint.sh", root / "docker")
    (root / ".venv" / "bin").mkdir(parents=True)
    python = root / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    for name in ("renderer.safetensors", "cards/wav2lip.md", "wav2lip/a b.pth", ".heygem/receipts/wav2lip.json"):
        path = root / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"shipped {name}")
    return root


def enter(image: Path, *arguments: str, **environment: str) -> list[str]:
    command = ["bash", str(image / "docker" / "entrypoint.sh"), *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEYGEM_")}
    done = subprocess.run(command, env={**kept, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_entry_point_hands_over(image):
    assert enter(image, "generate", "--voice", "a b.wav") == [str(image / "app.py"), "generate", "--voice", "a b.wav"]


def test_a_volume_gets_the_images_weights_and_keeps_its_own_downloads(image, tmp_path):
    volume = tmp_path / "volume of models"
    for name in ("renderer.safetensors", "wav2lip/a b.pth", "other/x.pth"):
        (volume / name).parent.mkdir(parents=True, exist_ok=True)
        (volume / name).write_text("of the volume")
    for _ in range(2):
        enter(image, "serve", HEYGEM_PATHS__MODELS=str(volume))
    held = {str(path.relative_to(volume)): path.read_text() for path in volume.rglob("*") if path.is_file()}
    assert held == {
        "renderer.safetensors": "shipped renderer.safetensors",
        "cards/wav2lip.md": "shipped cards/wav2lip.md",
        "wav2lip/a b.pth": "of the volume",
        ".heygem/receipts/wav2lip.json": "shipped .heygem/receipts/wav2lip.json",
        "other/x.pth": "of the volume",
    }
    shipped = image / "models" / "renderer.safetensors"
    assert (volume / "renderer.safetensors").stat().st_mtime_ns == shipped.stat().st_mtime_ns


def test_own_weights_are_those_that_no_download_may_replace():
    """The entry point tells them apart by where they lie."""
    names = subprocess.run(["git", "ls-files", "models"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    above = {Path(name).parts[1].lower() for name in names.split()}
    assert above == PROJECT_FILES
