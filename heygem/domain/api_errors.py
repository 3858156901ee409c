"""The part of the tree of errors.py that is about what programs ask."""

from heygem.domain.errors import InputError


class IdempotencyConflictError(InputError):
    """A key that something else was submitted by. Context: `idempotency_key`."""

    code = "IDEMPOTENCY_CONFLICT"


class RequestInvalidError(InputError):
    """What a program sent is not what its documentation says. Context: `field`, `reason`."""

    code = "REQUEST_INVALID"


class UploadTooLargeError(InputError):
    """Context: `max_mb`."""

    code = "UPLOAD_TOO_LARGE"


class TokenError(InputError):
    """A program's request without the token that it needs, or with another one."""

    code = "API_TOKEN"


class ForeignOriginError(InputError):
    """A request that another site's page made a browser send. Context: `origin`."""

    code = "ORIGIN_FOREIGN"


class WebhookSecretError(InputError):
    """A webhook is asked for where there is no secret to sign it with."""

    code = "WEBHOOK_SECRET"
