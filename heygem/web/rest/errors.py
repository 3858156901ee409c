"""Errors as programs are told them: an HTTP status, the stable code, a sentence in both languages, and the figures."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route

from heygem.config.strings import Translator
from heygem.domain import api_errors, archive_errors, errors
from heygem.domain.api_errors import RequestInvalidError
from heygem.domain.errors import HeyGemError, MediaError, UnexpectedError
from heygem.domain.stored_error import storable_context

# Of an error, or of the nearest of its bases that stands here.
STATUSES: Final[Mapping[type[HeyGemError], int]] = {
    api_errors.TokenError: 401,
    api_errors.ForeignOriginError: 403,
    errors.PathOutsideError: 403,
    errors.JobNotFoundError: 404,
    errors.BatchNotFoundError: 404,
    errors.OutputNotFoundError: 404,
    errors.ResultGoneError: 404,
    errors.MediaNotFoundError: 404,
    errors.MediaIsFolderError: 404,
    errors.JobStateError: 409,
    errors.EngineNotInstalledError: 409,
    archive_errors.ArchiveUnsetError: 409,
    archive_errors.ArchiveCopyLostError: 404,
    api_errors.IdempotencyConflictError: 409,
    api_errors.WebhookSecretError: 409,
    api_errors.UploadTooLargeError: 413,
    errors.InputError: 422,
    errors.DatabaseError: 503,
    archive_errors.ArchiveUnusableError: 503,
    archive_errors.ArchiveDeniedError: 503,
    errors.DiskFullError: 507,
    errors.DiskHighError: 507,
    errors.HeyGemError: 500,
}


Responses: TypeAlias = dict[int | str, dict[str, Any]]


class ErrorView(BaseModel):
    code: str = Field(description="Stable: programs decide by it")
    message_zh: str
    message_en: str
    context: Mapping[str, Any] = Field(description="The names and figures of the sentence")


def describe_error(error: HeyGemError) -> ErrorView:
    """Without the places on the server where files lie."""
    context = storable_context(error)
    if isinstance(error, MediaError):
        del context["path"]
    key = f"error.{error.code}"
    zh, en = (Translator(language)(key, **error.context) for language in ("zh", "en"))
    return ErrorView(code=error.code, message_zh=zh, message_en=en, context=context)


def find_status(error: HeyGemError) -> int:
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def answer_error(error: HeyGemError, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    status = status or find_status(error)
    more = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(describe_error(error).model_dump(), status, {**(headers or {}), **more})


def document(*errors: int, also: Responses | None = None) -> Responses:
    """The answers of a route that are errors, by their statuses, for its documentation; `also` others."""
    return {**(also or {}), **{status: {"model": ErrorView, "description": "Error"} for status in errors}}


def link(key: str, *operations: str) -> dict[str, Any]:
    """What can be done with the `key` that an answer has, for its documentation."""
    parameters = {key: f"$response.body#/{key}"}
    return {"links": {name: {"operationId": name, "parameters": parameters} for name in operations}}


def find_field(error: ValidationError | RequestValidationError) -> RequestInvalidError:
    """The first of the fields that are wrong."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    return RequestInvalidError(field=field, reason=first["msg"])


def find_methods(routes: Iterable[Route], request: Request) -> str:
    """Of all routes of its address; starlette knows those of the first alone."""
    here = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in here for method in route.methods or ()}))


def handle_errors(app: FastAPI, routes: Sequence[Route]) -> None:
    """`routes` are those of `app`."""

    @app.exception_handler(HeyGemError)
    def told(_: Request, error: HeyGemError) -> Response:
        return answer_error(error)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        return answer_error(find_field(error))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        """An address or a method that is not there, or a body that is no JSON."""
        is_method = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        headers = {"Allow": find_methods(routes, request)} if is_method else error.headers
        return answer_error(RequestInvalidError(field="request", reason=error.detail), error.status_code, headers)

    @app.exception_handler(ClientDisconnect)
    def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # no one hears it

    @app.exception_handler(Exception)
    def unforeseen(_: Request, error: Exception) -> Response:
        return answer_error(UnexpectedError(reason=type(error).__name__))
