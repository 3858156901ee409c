"""What can be wrong with a source, as the transfer sees it: whether it may pass, and what is told of it."""

from heygem.domain.model_errors import SourceProblem


class FetchError(Exception):
    """`reason` is a SourceProblem or short words. `is_lasting` for what another try will hardly mend. For `wait_s` the
    server wants to be left alone.
    """

    def __init__(self, reason: SourceProblem | str, *, is_lasting: bool = False, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_lasting = is_lasting
        self.wait_s = wait_s


class CrowdedError(FetchError):
    """The server takes no more connections for now."""


class LinkError(FetchError):
    """The link is no good any more; a new one may be."""


class ChangedError(FetchError):
    """The source has another file under the same name than before, when it called it `etag`."""

    def __init__(self, etag: str) -> None:
        super().__init__(SourceProblem.FILE_DIFFERS)
        self.etag = etag


class SlowError(FetchError):
    """Others are so much faster that the connection is not worth its while."""
