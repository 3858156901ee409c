"""What the settings say to resolvers, over what the environment says."""

import pytest

from heygem.config.settings import DownloadSettings
from heygem.downloads.assembly import resolver_options


def test_the_settings_come_before_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://one.example")
    assert resolver_options(DownloadSettings()).hf_endpoint == "https://one.example"
    wanted = DownloadSettings(hf_endpoint="https://two.example/", browser=False)
    assert resolver_options(wanted).hf_endpoint == "https://two.example"
    assert (resolver_options(DownloadSettings()).browser, resolver_options(wanted).browser) == (True, False)
