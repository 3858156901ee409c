import pytest

from heygem.config.language import choose_language


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "HEYGEM_LANG": "ZH"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
    ],
)
def test_choose_language(environment: dict[str, str], expected: str):
    assert choose_language(environment) == expected


def test_what_is_asked_for_wins():
    assert choose_language({"HEYGEM_LANG": "zh"}, "en") == "en"
