"""Mouth shapes of phones: what a frame of speech looks like, told from a synthesiser's or an aligner's phone times."""

import tomllib
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heygem.engines.nets.lip_motion import RATE_HZ, VISEMES
from training.speech.phone_times import Phone

Notation: TypeAlias = Literal["ipa", "ascii"]

UNKNOWN: Final = -1
_TABLE: Final = Path(__file__).with_name("visemes.toml")


def label_rows(phones: Iterable[Phone], count: int, notation: Notation) -> NDArray[np.int64]:
    """(count,) rows of VISEMES, 50 a second; silence where no phone is, UNKNOWN where a phone has a name unheard of."""
    rows = np.full(count, VISEMES.index("silence"), dtype=np.int64)
    for phone in phones:
        shapes = find_shapes(phone.name, notation) or (UNKNOWN,)
        borders = np.linspace(phone.start_s, phone.end_s, len(shapes) + 1) * RATE_HZ
        for shape, (first, last) in zip(shapes, pairwise(borders), strict=True):
            rows[max(0, int(np.ceil(first - 1e-6))) : max(0, int(np.ceil(last - 1e-6)))] = shape
    return rows


@cache
def find_shapes(name: str, notation: Notation) -> tuple[int, ...]:
    """The rows of VISEMES that a phone goes through; none if it is unheard of."""
    table = _read_table(notation)
    shapes: list[int] = []
    rest = name
    while rest:
        known = next((rest[:size] for size in range(len(rest), 0, -1) if rest[:size] in table), None)
        if known is not None:
            shapes += table[known]
        rest = rest[len(known) if known else 1 :]  # marks of stress, length and tone say nothing of lips
    return tuple(dict.fromkeys(shapes))


@cache
def _read_table(notation: Notation) -> dict[str, tuple[int, ...]]:
    data = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    table = {name: (VISEMES.index(shape),) for shape, names in data[notation].items() for name in names}
    glides = data.get(f"{notation}_glides", {})
    return table | {name: tuple(VISEMES.index(shape) for shape in shapes) for name, shapes in glides.items()}
