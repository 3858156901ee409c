"""Which mouth shapes phones are told to have."""

import numpy as np
import pytest

from heygem.engines.nets.lip_motion import VISEMES
from training.speech.phone_times import Phone
from training.speech.visemes import UNKNOWN, find_shapes, label_rows


@pytest.mark.parametrize(
    ("name", "notation", "shapes"),
    [
        ("p", "ipa", ["bilabial"]),
        ("ˈaɪ", "ipa", ["open", "close"]),
        ("tʃ", "ipa", ["postalveolar"]),
        ("uː", "ipa", ["rounded_close"]),
        ("ow", "ascii", ["rounded_mid", "rounded_close"]),
        ("ch", "ascii", ["postalveolar"]),
        ("pau", "ascii", ["silence"]),
        ("ʲ", "ipa", []),
    ],
)
def test_shapes_of_phones(name, notation, shapes):
    assert [VISEMES[i] for i in find_shapes(name, notation)] == shapes


def test_rows_follow_the_phones_times():
    phones = [Phone("m", 0.1, 0.2), Phone("aɪ", 0.2, 0.4), Phone("ʲ", 0.4, 0.46)]
    rows = label_rows(phones, 30, "ipa")
    assert [VISEMES[i] for i in rows[[0, 4, 5, 9, 10, 14, 15, 19, 29]]] == [
        *("silence", "silence", "bilabial", "bilabial", "open", "open", "close", "close", "silence")
    ]
    assert (rows[20:23] == UNKNOWN).all()
    assert np.isin(rows, [UNKNOWN, *range(len(VISEMES))]).all()
