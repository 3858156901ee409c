"""Sentences for synthetic speech, with p, b and m in them; the lip motion network has not been trained on them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Sentence:
    """`text` in the language of the espeak-ng voice `voice`."""

    text: str
    voice: str


_VOICES: Final = {"cmn": ("cmn", "cmn+f5"), "en": ("en-us", "en-us+f5"), "es": ("es",), "ar": ("ar",)}
_TEXTS: Final = {
    "cmn": (
        "爸爸买了八本漂亮的笔记本，妈妈每天都帮我补课。",
        "明天早上我们坐飞机去北京，请准备好你的票。",
        "朋友们，欢迎来到我们的节目，我是主持人马明。",
        "苹果、面包和牛奶摆满了门边的白色木板。",
    ),
    "en": (
        "My brother bought a big map at the public library before we moved.",
        "Please remember to pick up some apples, pepper and a bottle of milk.",
        "People from many places came by boat to see the marble palace.",
        "Bob may become the member whom the company promised a job.",
    ),
    "es": ("Mi madre compró un pan muy bueno en el mercado del pueblo.",),
    "ar": ("ذهب محمد مع أبيه إلى المكتبة ليبحث عن كتاب مفيد.",),
}
SENTENCES: Final = tuple(
    Sentence(text, voice) for language, texts in _TEXTS.items() for text in texts for voice in _VOICES[language]
)
