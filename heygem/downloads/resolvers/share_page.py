"""Share pages in general, followed by HTTP as a person would: the code is entered, then what downloads is looked for.

It solves no captcha, and enters the code on the share's own host alone.
"""

import logging
import time
from dataclasses import dataclass, field
from typing import Any, Final

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile, find_host
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import find_expiry
from heygem.downloads.resolvers.asker import USER_AGENT, Answer, Asker
from heygem.downloads.resolvers.listing import Listed, base_name, fits
from heygem.downloads.resolvers.share_html import Form, SharePage, read_share_page

log = logging.getLogger(__name__)

MOST_PAGES: Final = 8  # of one share, until it is given up
MOST_CANDIDATES: Final = 6
WHOLE_S: Final = 90.0  # for one share
CHALLENGE: Final = "cf-mitigated"


class SharePageDoor:
    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def enter(self, source: DownloadSource, wanted: ModelFile) -> Link | None:
        """None where a browser may see more. Raises SourceError."""
        asker = self._asker.fresh()
        try:
            return _Visit(asker, source, wanted).find_link()
        finally:
            asker.close()


@dataclass
class _Visit:
    """One walk from the share's page to its file, with cookies of its own."""

    asker: Asker
    source: DownloadSource
    wanted: ModelFile
    home: str = ""
    is_code_sent: bool = False
    has_other_file: bool = False
    seen: set[str] = field(default_factory=set)
    deadline: float = field(default_factory=lambda: time.monotonic() + WHOLE_S)

    def find_link(self) -> Link | None:
        answer = self._open(self.source.url)
        self.home = find_host(answer.url)  # a short address leads on to the share's own
        for _ in range(MOST_PAGES):
            found = self._step(answer)
            if not isinstance(found, Answer):
                return found
            answer = found
        return None

    def _step(self, answer: Answer) -> Link | Answer | None:
        """The link, or the page that comes next, or nothing more to go by."""
        if answer.is_data and self.is_code_sent:  # an answer to the page's own program
            return self._open_again(answer)
        if not answer.is_page:
            return self._take(answer)
        page = read_share_page(answer.content, answer.url, self.wanted)
        form = page.code_form
        if form is not None and self.source.code and not self.is_code_sent:
            return self._enter_code(form, page, answer)
        if self.is_code_sent and (page.is_wrong or (form is not None and not answer.is_success)):
            raise self._problem(SourceProblem.CODE_WRONG)
        found = self._follow(page, answer) if answer.is_success else None
        if found is None:
            self._refuse(page, answer)
        return found

    def _follow(self, page: SharePage, answer: Answer) -> Link | Answer | None:
        """On from a page, as far as it asks for nothing."""
        for candidate in page.candidates[:MOST_CANDIDATES]:
            if candidate.url not in self.seen and (found := self._try(candidate.url, answer.url)):
                return found
        if page.download_form is not None and page.download_form.action not in self.seen:
            return self._press(page.download_form, answer)
        if page.refresh and page.refresh not in self.seen:
            return self._open(page.refresh, answer.url)
        if self.is_code_sent and (found := self._open_again(answer)):
            return found
        return self._try_below(answer.url) if not page.has_scripts or page.code_form is None else None

    def _refuse(self, page: SharePage, answer: Answer) -> None:
        """Raises what a page without a download tells; nothing where a browser may see more of it."""
        if page.has_captcha or answer.headers.get(CHALLENGE) == "challenge":
            raise self._problem(SourceProblem.CAPTCHA)
        if page.code_form is not None:
            known = SourceProblem.LOGIN_NEEDED if page.code_form.is_login else SourceProblem.CODE_NEEDED
            raise self._problem(SourceProblem.CODE_WRONG if self.is_code_sent else known)
        if page.is_over:
            raise self._problem(SourceProblem.SHARE_EXPIRED)
        if not answer.is_success:
            raise answer.refusal()
        if self.has_other_file:
            raise self._problem(SourceProblem.FILE_DIFFERS)

    def _enter_code(self, form: Form, page: SharePage, answer: Answer) -> Answer:
        if page.has_captcha:
            raise self._problem(SourceProblem.CAPTCHA)
        if form.is_login:
            raise self._problem(SourceProblem.LOGIN_NEEDED)
        if {find_host(form.action), find_host(answer.url)} != {self.home}:
            raise self._problem(SourceProblem.NO_DOWNLOAD)
        self.is_code_sent = True
        self.seen.clear()  # the same address may now show more
        return self._send(form, answer, {form.code_name: self.source.code})

    def _press(self, form: Form, answer: Answer) -> Link | Answer | None:
        """A button that leads by a redirection to what can be fetched again; what comes at once to a POST cannot."""
        self.seen.add(form.action)
        got = self._send(form, answer, {})
        if got.is_page or form.method == "GET" or got.url != form.action:
            return got
        return None

    def _send(self, form: Form, answer: Answer, typed: dict[str, str]) -> Answer:
        fields = {**form.fields, **typed}
        headers = {"Referer": answer.url}
        body: dict[str, Any] = {"data": fields}
        if form.method == "GET":
            body = {"params": fields}
        elif form.is_multipart:
            body = {"files": {name: (None, value) for name, value in fields.items()}}
        return self.asker.ask(form.method, form.action, headers, is_head=_is_file, **body)

    def _open(self, url: str, referer: str = "") -> Answer:
        if time.monotonic() > self.deadline:
            raise self._problem(SourceProblem.TIMED_OUT)
        self.seen.add(url)
        own = self.source.headers if find_host(url) == self.source.host else {}
        headers = {**own, **({"Referer": referer} if referer else {}), "Range": "bytes=0-"}
        return self.asker.ask("GET", url, headers, is_head=_is_file)

    def _open_again(self, answer: Answer) -> Answer | None:
        """The share's own address, which may show more once the code is known."""
        return None if self.source.url in self.seen else self._open(self.source.url, answer.url)

    def _try(self, url: str, referer: str) -> Link | Answer | None:
        """The link where it is the file; the page behind it where it is one."""
        try:
            answer = self._open(url, referer)
        except SourceError as error:
            if time.monotonic() > self.deadline:
                raise
            log.debug("what might have been a download was none: %s", error)
            return None
        if answer.is_page:
            return answer if answer.is_success else None
        return self._take(answer, referer) if answer.is_success and self._is_wanted(answer) else None

    def _try_below(self, url: str) -> Link | None:
        """A folder whose list cannot be read may still have the file by its name."""
        found = self._try(f"{url.partition('?')[0].rstrip('/')}/{base_name(self.wanted.path)}", url)
        return found if isinstance(found, Link) else None

    def _take(self, answer: Answer, referer: str = "") -> Link:
        if not answer.is_success:
            raise answer.refusal()
        if not self._is_wanted(answer):
            raise self._problem(SourceProblem.FILE_DIFFERS)
        cookies = self.asker.cookies_for(answer.url)
        own = self.source.headers if find_host(answer.url) == self.source.host else {}
        headers = {
            **own,
            "User-Agent": USER_AGENT,
            **({"Cookie": cookies} if cookies else {}),
            **({"Referer": referer} if referer else {}),
        }
        return Link(answer.url, headers, expires_at=find_expiry(answer.url), size_bytes=answer.size_bytes)

    def _is_wanted(self, answer: Answer) -> bool:
        is_wanted = fits(Listed("", answer.url, answer.size_bytes), self.wanted)
        self.has_other_file |= not is_wanted
        return is_wanted

    def _problem(self, problem: SourceProblem) -> SourceError:
        return SourceError(source=self.source.host, reason=problem)


def _is_file(answer: Answer) -> bool:
    """What is no page is left unread: it may be the file."""
    return not answer.is_page
