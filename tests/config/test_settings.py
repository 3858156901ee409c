"""Where settings come from, in which order, and how wrong ones are told."""

from pathlib import Path

import pytest

from heygem.config.settings import ROOT, Settings, load_settings
from heygem.domain.errors import SettingsError


@pytest.fixture(autouse=True)
def no_machine_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty heygem.toml in place of the project's."""
    file = tmp_path / "heygem.toml"
    monkeypatch.setitem(Settings.model_config, "toml_file", file)
    return file


def test_defaults_lie_in_the_project():
    settings = load_settings()
    assert settings.paths.outputs == ROOT / "outputs"
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 7860)
    assert settings.limits.max_duration_min == 120


def test_order_is_command_line_environment_file(no_machine_settings: Path, monkeypatch: pytest.MonkeyPatch):
    no_machine_settings.write_text('[server]\nport = 1\nhost = "file"\nlanguage = "en"\n')
    monkeypatch.setenv("HEYGEM_SERVER__PORT", "2")
    monkeypatch.setenv("HEYGEM_SERVER__HOST", "environment")
    settings = load_settings(server={"port": 3})
    assert (settings.server.port, settings.server.host, settings.server.language) == (3, "environment", "en")


def test_the_language_variable_of_the_shell_is_no_setting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEYGEM_LANG", "zh")
    assert load_settings()


@pytest.mark.parametrize(
    ("name", "value", "setting"),
    [
        ("HEYGEM_SERVER__PORT", "70000", "server.port"),
        ("HEYGEM_SERVER__PORT", "http", "server.port"),
        ("HEYGEM_DEVICE", "tpu", "device"),
        ("HEYGEM_ENCODE__CRF", "60", "encode.crf"),
        ("HEYGEM_ENCODE__PRESET", "fast; rm", "encode.preset"),
        ("HEYGEM_RETENTION__TEST_DAYS", "-1", "retention.test_days"),
        ("HEYGEM_RETENTION__PROJECTS", '{"ads": -1}', "retention.projects.ads"),
        ("HEYGEM_RETENTION__TRASH_HOURS", "0", "retention.trash_hours"),
        ("HEYGEM_DISK__WARN_PERCENT", "95", "disk"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, setting: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.context["setting"] == setting


@pytest.mark.parametrize("text", ["[server]\nprot = 1\n", "sever = 1\n", "[server\n", "server = 1\n"])
def test_a_wrong_file_is_told(text: str, no_machine_settings: Path):
    no_machine_settings.write_text(text)
    with pytest.raises(SettingsError):
        load_settings()


def test_every_field_has_a_description():
    for section in Settings.model_fields.values():
        fields = getattr(section.annotation, "model_fields", {"": section})
        assert all(field.description for field in fields.values())
