"""The strings table: complete in both languages, the same placeholders, nothing that no one uses."""

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from heygem.config.settings import ROOT
from heygem.config.strings import LANGUAGES, STRINGS_PATH, Translator, load_strings
from heygem.domain import api_errors, archive_errors, errors, model_errors
from heygem.domain.errors import HeyGemError, MediaError
from heygem.domain.inspection import MediaWarning, QualityProblem
from heygem.domain.job import FaceRule, JobState
from heygem.domain.model_errors import ManifestFault, SourceError, SourceProblem
from heygem.domain.models import ModelState, TransferPhase
from heygem.domain.progress import Stage
from heygem.domain.stored_error import restore_error, storable_context

FILES: Final = {"page.css"}  # names of files that look like keys
ERRORS: Final = {
    name: kind
    for module in (errors, api_errors, archive_errors, model_errors)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, HeyGemError) and kind is not HeyGemError
}
ENUMERATED: Final[dict[str, list[str]]] = {
    "error": sorted({kind.code for kind in ERRORS.values()}),
    "stage": [*Stage],
    "state": [*JobState],
    "face": [*FaceRule],
    "warning": [*MediaWarning],
    "quality": [*QualityProblem],
    "reason": [*SourceProblem, *ManifestFault],
    "model_state": [*ModelState],
    "transfer": [*TransferPhase],
}


@cache
def _trees() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "heygem").rglob("*.py"))


@cache
def _quoted_words() -> set[str]:
    """Every string and every function's name in the code: what may be a key or fill a gap in one."""
    nodes = [node for tree in _trees() for node in ast.walk(tree)]
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return strings | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def _built_keys() -> Iterator[str]:
    """The f-strings of the code that may become keys, as patterns with a group for each gap."""
    for joined in (node for tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"(\w+)" for part in joined.values]
        if re.match(r"[a-z_]+\\\.", parts[0]):
            yield "".join(parts)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(load_strings()))
def test_every_key_has_both_languages_with_the_same_placeholders(key: str) -> None:
    texts = load_strings()[key]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() for text in texts.values())
    assert len({frozenset(_placeholders(text)) for text in texts.values()}) == 1


def test_every_key_is_used() -> None:
    """In quotes somewhere in the code, whole, or as an f-string whose gaps are words that the code knows."""
    known = _quoted_words()
    built = [re.compile(form) for form in _built_keys()]
    unused = [
        key
        for key in load_strings()
        if key not in known
        and not any((hit := form.fullmatch(key)) and known.issuperset(hit.groups()) for form in built)
    ]
    assert unused == []


def test_every_key_in_quotes_is_there() -> None:
    sections = "|".join({key.partition(".")[0] for key in load_strings()})
    wanted = {word for word in _quoted_words() if re.fullmatch(rf"({sections})\.\w+", word)}
    assert wanted - set(load_strings()) - FILES == set()


@pytest.mark.parametrize("key", [f"{kind}.{name}" for kind, names in ENUMERATED.items() for name in names])
def test_every_word_of_an_enumeration_has_its_sentence(key: str) -> None:
    assert key in load_strings()


def test_every_error_carries_what_its_sentence_needs() -> None:
    """Where the code makes an error, it names each placeholder of the error's sentence."""
    lacking = []
    for call in (node for tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.Call)):
        kind = ERRORS.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if kind is None or any(keyword.arg is None for keyword in call.keywords):
            continue
        given = {keyword.arg for keyword in call.keywords} | (
            {"name", "path"} if issubclass(kind, MediaError) else set()
        )
        if missing := _placeholders(load_strings()[f"error.{kind.code}"]["zh"]) - given:
            lacking.append((kind.__name__, missing))
    assert lacking == []


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        Translator("en")("cli.no_such_thing")


def test_table_is_utf8_without_bom() -> None:
    assert not STRINGS_PATH.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_reason_of_the_table_is_told_in_the_readers_language():
    error = SourceError(source="pan.example", reason=SourceProblem.CODE_WRONG)
    assert "extraction code or password is wrong" in Translator("en").explain(error)
    assert "提取码或密码不对" in Translator("zh").explain(restore_error(error.code, storable_context(error)))


def test_a_reason_in_words_stays_as_it_is():
    assert "HTTP 418" in Translator("zh").explain(SourceError(source="pan.example", reason="HTTP 418"))
