"""Every sentence that a person reads, on the page and on the shell, in Chinese and English: strings.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

from heygem.domain.errors import HeyGemError

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
STRINGS_PATH: Final = Path(__file__).with_name("strings.toml")


@cache
def load_strings() -> Mapping[str, Mapping[str, str]]:
    """Key to language to text; the keys are `section.name`, as in `error.DISK_FULL`."""
    sections = tomllib.loads(STRINGS_PATH.read_text(encoding="utf-8"))
    return {f"{section}.{name}": texts for section, names in sections.items() for name, texts in names.items()}


@dataclass(frozen=True)
class Translator:
    """The strings in one language."""

    language: Language

    def __call__(self, key: str, **context: object) -> str:
        """The text of `key`, its placeholders filled. Raises KeyError for a key or placeholder that is not there."""
        return load_strings()[key][self.language].format(**context)

    def explain(self, error: HeyGemError) -> str:
        """One sentence that says what is wrong and what to do, the stable code behind it.

        A `reason` that has a sentence in the table is put in as that sentence; `reasons` may be the errors of sources.
        """
        context = dict(error.context, reason=self._reason(error.context))
        if isinstance(several := context.get("reasons"), tuple):
            told = [f"{each.context['source']}: {self._reason(each.context)}" for each in several]
            context["reasons"] = ("；" if self.language == "zh" else "; ").join(told)
        return f"{self(f'error.{error.code}', **context)} [{error.code}]"

    def _reason(self, context: Mapping[str, object]) -> object:
        reason = context.get("reason")
        return self(f"reason.{reason}", **context) if f"reason.{reason}" in load_strings() else reason

    def warn(self, warning: str) -> str:
        """The sentence of one of MediaWarning."""
        return self(f"warning.{warning}")
