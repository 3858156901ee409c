"""The routes `POST …/{id}/cancel`, `pause`, `resume` and `retry`, of jobs and of batches alike."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from fastapi import APIRouter
from pydantic import BaseModel

from heygem.web.rest.errors import document
from heygem.web.rest.orders import Action

Act: TypeAlias = Callable[[str], None]


def add_actions(
    router: APIRouter,
    noun: str,
    acts: Mapping[Action, Act],
    descriptions: Mapping[Action, str],
    make_route: Callable[[Act], Callable[[str], BaseModel]],
) -> None:
    """`noun` is `job` or `batch`, as in `{job_id}` and `cancel_job`; `make_route`'s functions name their id so too."""
    for action, act in acts.items():
        router.add_api_route(
            f"/{{{noun}_id}}/{action}",
            make_route(act),
            methods=["POST"],
            name=f"{action}_{noun}",
            description=descriptions[action],
            responses=document(404, 409, 422),
        )
