"""Which language a shell's user reads."""

from collections.abc import Mapping

from heygem.config.strings import Language


def choose_language(environment: Mapping[str, str], wanted: Language | None = None) -> Language:
    """`wanted`, else what HEYGEM_LANG says, else the locale: Chinese for zh…, English for the rest."""
    if wanted is not None:
        return wanted
    names = ("HEYGEM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    first = next((environment[name] for name in names if environment.get(name)), "")
    return "zh" if first.lower().startswith("zh") else "en"
