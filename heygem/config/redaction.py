"""Takes out of a text what must not be kept: passwords, tokens, and the parts of URLs that let their bearer in."""

import re
from typing import Final

HIDDEN: Final = "***"
_NAMES: Final = r"pass(?:word|wd)?|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|signature|credential"
_ROBOTS: Final = "dingtalk|wecombot|feishu|lark|slack|discord|tgram|msteams|workflows|bark|schan|pover|ntfys?|gotifys?"
# All repeats before what tells a rule to act are bounded, so that a long line takes no time.
_RULES: Final = (
    (re.compile(rf"(?i)\b({_ROBOTS})://[^\s\"'<>]+"), rf"\1://{HIDDEN}"),  # addresses of alerts are all secret
    (re.compile(r"(/bot/v2/hook/)[\w-]{1,200}"), rf"\1{HIDDEN}"),  # Feishu's, as it gives them out
    (re.compile(r"(\b[\w+.-]{1,30}://)[^\s/@]+@"), rf"\1{HIDDEN}@"),  # user and password
    (re.compile(r"(\b\w{1,30}://[^\s?#\"'<>]{1,2000})[?#][^\s\"'<>]+"), rf"\1?{HIDDEN}"),  # signatures are in the query
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{4,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(rf"(?i)(\b[\w-]{{0,40}}(?:{_NAMES})[\"']?\s*[=:]\s*[\"']?)(?!{re.escape(HIDDEN)})[^\s\"',;&)}}]+"),
        rf"\1{HIDDEN}",
    ),
)


def redact(text: str) -> str:
    """`text` with HIDDEN in their place."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
