"""Every error has a code, an exit status, and one sentence in each language."""

import json
import math
import re
import string
from pathlib import Path

import pytest

from heygem.config.strings import LANGUAGES, Translator, load_strings
from heygem.domain import api_errors, archive_errors, errors, model_errors
from heygem.domain.errors import (
    CancelledError,
    FaultError,
    HeyGemError,
    InputError,
    MediaError,
    NoFaceError,
    UnexpectedError,
)
from heygem.domain.stored_error import restore_error, storable_context


def _tree(root: type[HeyGemError]) -> list[type[HeyGemError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _tree(child))]


assert api_errors.__doc__ and archive_errors.__doc__ and model_errors.__doc__  # their parts of the tree are there
TREE = _tree(HeyGemError)


def test_codes_are_unique_but_for_the_base():
    codes = [error.code for error in TREE if error is not HeyGemError]
    assert len(codes) == len(set(codes))


def test_docstring_draws_the_whole_tree():
    drawn = set(re.findall(r"\w+Error", errors.__doc__ or ""))
    assert drawn == {error.__name__ for error in TREE}


@pytest.mark.parametrize("error", TREE)
def test_exit_status_tells_whose_fault_it_is(error: type[HeyGemError]):
    expected = 2 if issubclass(error, InputError) else 130 if issubclass(error, CancelledError) else 1
    assert error.exit_status == expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error", TREE)
def test_sentence_fills_with_the_context_that_the_docstring_names(error: type[HeyGemError], language):
    if error is HeyGemError:
        pytest.skip("the base is never raised itself")
    key = f"error.{error.code}"
    promised = set(re.findall(r"`(\w+)`", (error.__doc__ or "").partition("Context:")[2]))
    if issubclass(error, MediaError):
        promised |= {"name", "path"}
    used = {name for _, name, _, _ in string.Formatter().parse(load_strings()[key][language]) if name}
    assert used <= promised
    assert Translator(language)(key, **dict.fromkeys(promised, "x"))


def test_explain_ends_with_the_code():
    assert Translator("en").explain(NoFaceError(Path("a/b.mp4"))).endswith("[FACE_NOT_FOUND]")
    assert "b.mp4" in Translator("zh").explain(NoFaceError(Path("a/b.mp4")))


def test_str_is_for_the_log():
    assert str(FaultError()) == "FAULT"
    assert str(errors.EncodeError(reason="x")) == "ENCODE_FAILED: reason=x"


@pytest.mark.parametrize("error", TREE)
def test_an_error_comes_back_from_its_code_and_what_json_keeps_of_it(error: type[HeyGemError]):
    path = Path("a/b.mp4")
    given = error(path, level=-3.5) if issubclass(error, MediaError) else error(path=path, level=-3.5)
    restored = restore_error(given.code, json.loads(json.dumps(storable_context(given), allow_nan=False)))
    assert type(restored) is (UnexpectedError if error is HeyGemError else error)
    assert restored.context["level"] == -3.5
    assert str(restored) == str(given)
    if isinstance(restored, MediaError):
        assert restored.path == path


def test_an_error_of_another_version_is_unexpected():
    assert restore_error("NEVER_HEARD_OF", {"x": 1}).context == {"reason": "NEVER_HEARD_OF"}


def test_json_knows_no_infinity():
    assert storable_context(FaultError(level_db=-math.inf)) == {"level_db": "-inf"}
