"""start_app.sh for real, with next to nothing to install: a copy of it in a folder with a space in its name."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

SCRIPT: Final = Path(__file__).parents[1] / "start_app.sh"
PLENTY_MB: Final = 500_000
# What the script calls, but for Python.
TOOLS: Final = ("bash", "dirname", "df", "du", "awk", "cut", "rm", "mkdir", "cat", "grep", "flock")

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


class Project:
    """A copy of the script beside an app.py that says what it was given; `bin` is all of its PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my project"
        self.bin = folder / "bin"
        self.wheels = folder / "wheels"
        for made in (self.root, self.bin, self.wheels):
            made.mkdir(parents=True)
        shutil.copy(SCRIPT, self.root)
        (self.root / "app.py").write_text("import os, sys\nprint('APP', os.getcwd(), sys.argv[1:])\n")
        (self.root / "requirements.txt").write_text("# nothing\n")
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.bin / tool).symlink_to(found)
        self.add_command("python3", f'exec "{sys._base_executable}" "$@"')  # type: ignore[attr-defined]  # of CPython
        self.set_free_mb(PLENTY_MB)

    def add_command(self, name: str, script: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(0o755)

    def set_free_mb(self, free_mb: int) -> None:
        self.add_command("df", f'printf "head\\nx 9 9 {free_mb} 9%% /\\n"')

    def add_wheel(self, name: str, module: str, code: str) -> None:
        """A wheel of version 1.0 with one module."""
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(self.wheels / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{module}.py", code)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    def command(self) -> list[str]:
        return [str(self.bin / "bash"), str(self.root / "start_app.sh")]

    def environment(self, **more: str) -> dict[str, str]:
        """All there is, as under `env -i`."""
        own = {"PATH": str(self.bin), "HOME": str(self.root.parent / "home")}
        return own | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)} | more

    def start(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command(), *arguments],
            cwd=self.root.parent,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=600,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_first_start_second_start_new_requirements_and_a_moved_folder(project: Project):
    first = project.start("--port", "7999", "a b")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == f"APP {project.root.parent} ['--port', '7999', 'a b']"
    assert "Making .venv" in first.stderr

    second = project.start()
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout == f"APP {project.root.parent} []\n"

    project.add_wheel("small", "small", "")
    (project.root / "requirements.txt").write_text("small==1.0\n")
    third = project.start(LANG="zh_CN.UTF-8")
    assert third.returncode == 0 and "正在安装依赖" in third.stderr and ".venv" not in third.stderr
    assert "Successfully installed small-1.0" in third.stdout

    moved = project.root.rename(project.root.with_name("moved"))
    project.root = moved
    fourth = project.start()
    assert fourth.returncode == 0 and "cannot be used" in fourth.stderr
    assert "Successfully installed small-1.0" in fourth.stdout
    assert project.start().stderr == ""


def test_an_install_that_was_cut_short_is_done_again(project: Project):
    (project.root / "requirements.txt").write_text("small==1.0\n")
    failed = project.start()
    assert failed.returncode == 1 and "APP" not in failed.stdout
    assert failed.stderr.splitlines()[-1].startswith("The install did not finish")
    project.add_wheel("small", "small", "")
    assert project.start().stdout.splitlines()[-1].startswith("APP")
    (project.root / ".venv/bin/python").unlink()  # as after an upgrade of the system's Python
    again = project.start()
    assert "cannot be used" in again.stderr and again.returncode == 0


def test_two_starts_at_once_install_once(project: Project):
    both = [
        subprocess.Popen(
            project.command(),
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=600) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert all(out.splitlines()[-1].startswith("APP") for out, _ in outputs)
    assert sum("Making .venv" in err for _, err in outputs) == 1


def test_a_missing_graphics_library_is_mended(project: Project):
    message = "libGL.so.1: cannot open shared object file: No such file or directory"
    project.add_wheel("opencv_python", "cv2", f"raise ImportError({message!r})\n")
    project.add_wheel("opencv_python_headless", "cv2", "GOOD = True\n")
    (project.root / "requirements.txt").write_text("opencv-python==1.0\n")
    done = project.start()
    assert done.returncode == 0, done.stderr
    assert "opencv-python-headless 1.0" in done.stderr
    python = project.root / ".venv/bin/python"
    assert subprocess.run([python, "-c", "import cv2; assert cv2.GOOD"]).returncode == 0


def test_too_little_disk_is_told_before_anything_is_made(project: Project):
    project.set_free_mb(1000)
    done = project.start()
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "1000 MB are free" in done.stderr and "MB are missing" in done.stderr
    assert not (project.root / ".venv").exists()
    project.set_free_mb(PLENTY_MB)
    assert project.start().returncode == 0
    project.set_free_mb(1000)
    assert project.start().returncode == 0  # nothing to install: nothing needed


def test_no_python_is_told(project: Project):
    (project.bin / "python3").unlink()
    done = project.start()
    assert done.returncode == 1 and done.stderr.startswith("Python 3.11 to 3.14 is needed")


def test_an_old_python_is_passed_over(project: Project):
    project.add_command("python3.11", "exit 1")
    project.add_command("python3.12", "exit 127")
    assert project.start("--install-only").returncode == 0


def test_a_python_without_venv_is_told(project: Project):
    python = sys._base_executable  # type: ignore[attr-defined]  # of CPython
    project.add_command("python3", f'[ "${{1:-}}" = -m ] && exit 1; exec "{python}" "$@"')
    done = project.start()
    assert done.returncode == 1
    assert "python3-venv" in done.stderr.splitlines()[-1]
    assert not (project.root / ".venv").exists()


def test_install_only_installs_the_command_for_models_and_does_not_start_the_app(project: Project):
    package = project.root / "heygem" / "commands"
    package.mkdir(parents=True)
    (package / "model_fetch.py").write_text("import os, sys\nprint('FETCH', os.getcwd(), sys.argv[1:])\n")
    elsewhere = project.root.parent
    (elsewhere / "heygem.py").write_text("raise SystemExit('a file of the folder that it is called in')\n")
    done = project.start("--install-only")
    assert done.returncode == 0 and "APP" not in done.stdout
    command = project.root / ".venv/bin/ai-model-fetch"
    for _ in range(2):
        asked = [str(command), "--json", "a b"]
        done = subprocess.run(asked, cwd=elsewhere, env=project.environment(), capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, f"FETCH {elsewhere} ['--json', 'a b']\n"), done.stderr
        command.unlink()  # as an install of an earlier version has it
        assert project.start("--install-only").returncode == 0


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_shell_scripts_are_clean():
    scripts = [SCRIPT, SCRIPT.parent / "tests/run.sh", SCRIPT.parent / ".ci/run"]
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stdout
