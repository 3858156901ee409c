"""What watches over a server asks here: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever restarts it or
sends it work. None of them waits for a thread of the pool, whose threads may all be waiting for a database.
"""

import asyncio
from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heygem.maintenance.monitoring import Monitoring
from heygem.web.rest.guard import Guard, is_allowed

NOT_KEPT: Final = {"Cache-Control": "no-store"}
MOST_SCRAPES: Final = 4  # at once


def build_monitoring_routes(monitoring: Monitoring, token: str) -> list[Route]:
    """`/metrics` is for whom the interface for programs is for. The others are for anybody, who hears of each check
    whether all is well; why not, only those hear who may see the metrics.
    """

    own_threads = CapacityLimiter(MOST_SCRAPES)

    async def show_metrics(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        body, media_type = await to_thread.run_sync(monitoring.metrics.render, accept, limiter=own_threads)
        return Response(body, headers={"Content-Type": media_type, **NOT_KEPT})

    async def show_readiness(request: Request) -> Response:
        is_told_all = is_allowed(request.scope, request.headers, token)
        checks = await asyncio.wrap_future(monitoring.readiness.begin())
        is_ready = all(check.is_ok for check in checks)
        told: dict[str, Any] = {check.name: "ok" if check.is_ok else "failed" for check in checks}
        body = {"ready": is_ready, "checks": told}
        if is_told_all and not is_ready:
            body["reasons"] = {check.name: check.reason for check in checks if not check.is_ok}
        return JSONResponse(body, 200 if is_ready else 503, NOT_KEPT)

    return [
        Route("/metrics", show_metrics, middleware=[Middleware(Guard, token=token)], include_in_schema=False),
        Route("/healthz", show_health, include_in_schema=False),
        Route("/readyz", show_readiness, include_in_schema=False),
    ]


async def show_health(_: Request) -> Response:
    """That this process answers."""
    return JSONResponse({"status": "ok"}, headers=NOT_KEPT)
