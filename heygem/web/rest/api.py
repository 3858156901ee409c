"""The interface for programs, to be mounted at PREFIX. What it can do stands in PREFIX/openapi.json."""

from typing import Protocol

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

import heygem
from heygem.config.settings import Settings
from heygem.jobs.inputs import InputStore
from heygem.jobs.naming import OutputNamer
from heygem.jobs.queue import JobQueue
from heygem.web.rest.batches import build_batch_routes
from heygem.web.rest.errors import document, handle_errors
from heygem.web.rest.guard import Guard
from heygem.web.rest.intake import Intake
from heygem.web.rest.jobs import build_job_routes


class ApiServices(Protocol):
    """What the interface needs of services.Services."""

    @property
    def settings(self) -> Settings: ...
    @property
    def queue(self) -> JobQueue: ...
    @property
    def namer(self) -> OutputNamer: ...


def build_api(services: ApiServices) -> FastAPI:
    settings, queue = services.settings, services.queue
    intake = Intake(queue, services.namer, settings.paths.inputs, bool(settings.api.webhook_secret))
    store = InputStore(settings.paths.outputs.absolute())
    app = FastAPI(
        title="HeyGem",
        version=heygem.__version__,
        docs_url=None,  # its page would load scripts from other machines
        redoc_url=None,
        responses=document(401, 403, 500, 503),
        dependencies=[Depends(HTTPBearer(auto_error=False))],  # only says so in the schema: the guard looks
    )
    app.add_middleware(Guard, token=settings.api.token)
    handle_errors(app)
    app.include_router(build_job_routes(queue, intake, store))
    app.include_router(build_batch_routes(queue, intake))
    return app
