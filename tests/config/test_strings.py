"""The strings table: complete in both languages, the same placeholders, nothing that no one uses."""

import re
import string

import pytest

from heygem.config.settings import ROOT
from heygem.config.strings import LANGUAGES, STRINGS_PATH, Translator, load_strings


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(load_strings()))
def test_every_key_has_both_languages_with_the_same_placeholders(key: str):
    texts = load_strings()[key]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() for text in texts.values())
    assert len({frozenset(_placeholders(text)) for text in texts.values()}) == 1


def test_every_key_is_used():
    """In quotes somewhere in the code, whole or as an f-string that could become it."""
    files = [path for kind in ("*.py", "*.js") for path in sorted((ROOT / "heygem").rglob(kind))]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    quoted = set(re.findall(r"[\"']([a-z_]+\.[\w.]+)[\"']", code))
    built = [
        re.sub(r"\{[^}]*\}", r"\\w+", text)
        for text in re.findall(r"\bf[\"']([a-z_]+\.[\w.{}()]*\{[\w.{}()]*)[\"']", code)
    ]
    unused = [key for key in load_strings() if key not in quoted and not any(re.fullmatch(form, key) for form in built)]
    assert unused == []


def test_an_unknown_key_is_an_error():
    with pytest.raises(KeyError):
        Translator("en")("cli.no_such_thing")


def test_table_is_utf8_without_bom():
    assert not STRINGS_PATH.read_bytes().startswith(b"\xef\xbb\xbf")
