"""What one browser remembers across reloads: who it is, how it signs, its job, its tab and its language."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import gradio as gr

from heygem.config.strings import LANGUAGES, Language, Translator

# How the page's own handlers listen: at once, without a veil over what they change, and for no program.
QUIET: Final[dict[str, Any]] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# gradio scrambles what it stores with this; it hides nothing, it must only stay the same from one start to the next.
_SCRAMBLE: Final = "heygem-page"


@dataclass(frozen=True)
class BrowserSession:
    """`owner` is a random id, "" until the page has loaded; `signature` is the name that videos are filed under, ""
    for the setting's; `job` a job's id or ""; `tab` the open tab's id.
    """

    owner: gr.BrowserState
    signature: gr.BrowserState
    job: gr.BrowserState
    tab: gr.BrowserState
    language: gr.BrowserState
    default_language: Language
    _followers: list["_Follower"] = field(default_factory=list)

    @classmethod
    def open(cls, default_language: Language) -> "BrowserSession":
        """Must be called inside gr.Blocks."""
        return cls(
            owner=remember("owner", ""),
            signature=remember("signature", ""),
            job=remember("job", ""),
            tab=remember("tab", "batch"),
            language=remember("language", default_language),
            default_language=default_language,
        )

    def follow(self, view: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any], tab: str = "") -> None:
        """`view` is called once the page has loaded, and when the owner, the open tab or the language is another: where
        it is a `tab`'s, only if that one is open then.
        """
        self._followers.append(_Follower(view, tuple(inputs), tuple(outputs), tab))

    def wire(self, page: gr.Blocks) -> None:
        """Gives a new browser its id, and calls all followers at once, whom none may join any more.

        They are one handler, since of several that hear the same event and only do the last of what they are asked,
        gradio calls all again for each that was busy: two such events at a time then go on for ever.
        """
        page.load(lambda owner: owner or uuid.uuid4().hex, self.owner, self.owner, **QUIET)
        gr.on(
            [page.load, self.owner.change, self.tab.change, self.language.change],
            self._call_followers,
            [self.tab, *(part for follower in self._followers for part in follower.inputs)],
            [part for follower in self._followers for part in follower.outputs],
            trigger_mode="always_last", **QUIET,
        )  # fmt: skip

    def translator(self, language: object) -> Translator:
        """For what a browser says its language is, which may be anything."""
        known = next((name for name in LANGUAGES if name == language), self.default_language)
        return Translator(known)

    def _call_followers(self, tab: str, *values: Any) -> list[Any]:
        answers: list[Any] = []
        left = list(values)
        for follower in self._followers:
            count = len(follower.inputs)
            given, left = left[:count], left[count:]
            if follower.tab and follower.tab != tab:
                answers += [gr.skip()] * len(follower.outputs)
                continue
            answer = follower.view(*given)
            answers += [answer] if len(follower.outputs) == 1 else answer
        return answers


def remember(name: str, default: object) -> gr.BrowserState:
    """What a browser keeps under this name. Must be called inside gr.Blocks."""
    return gr.BrowserState(default, storage_key=f"heygem-{name}", secret=_SCRAMBLE)


@dataclass(frozen=True)
class _Follower:
    view: Callable[..., Any]
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    tab: str
