"""The interface for programs, mounted at PREFIX. What it can do stands in PREFIX/openapi.json."""

from typing import Final

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.routing import Route

import heygem
from heygem.jobs.inputs import InputStore
from heygem.web.page_services import PageServices
from heygem.web.rest.batches import build_batch_routes
from heygem.web.rest.errors import document, handle_errors
from heygem.web.rest.guard import Guard
from heygem.web.rest.intake import Intake
from heygem.web.rest.jobs import build_job_routes
from heygem.web.rest.outputs import build_output_routes
from heygem.web.rest.views import PREFIX

MB: Final = 1_000_000


def mount_api(site: FastAPI, services: PageServices) -> None:
    """At PREFIX of `site`, which tells its own errors in the same way."""
    site.mount(PREFIX, build_api(services))
    handle_errors(site, ())


def build_api(services: PageServices) -> FastAPI:
    settings, queue = services.settings, services.queue
    outputs = settings.paths.outputs.absolute()
    intake = Intake(
        queue,
        services.namer,
        inputs_dir=settings.paths.inputs,
        outputs_dir=outputs,
        reserve_bytes=settings.limits.disk_reserve_mb * MB,
        can_sign=bool(settings.api.webhook_secret),
        models_dir=settings.paths.models,
        engine=settings.engine,
    )
    store = InputStore(outputs)
    app = FastAPI(
        title="HeyGem",
        version=heygem.__version__,
        docs_url=None,  # its page would load scripts from other machines
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        responses=document(401, 403, 500, 503),
        dependencies=[Depends(HTTPBearer(auto_error=False))],  # only says so in the schema: the guard looks
    )
    app.add_middleware(Guard, token=settings.api.token)
    routers = [
        build_job_routes(queue, services.library, intake, store),
        build_batch_routes(queue, intake),
        build_output_routes(services.library, services.archiving.desk if services.archiving else None),
    ]
    for router in routers:
        app.include_router(router)
    handle_errors(app, [route for router in routers for route in router.routes if isinstance(route, Route)])
    return app
