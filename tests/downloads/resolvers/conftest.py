"""Resolvers that need nothing of this machine's environment."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeAlias

import pytest

from heygem.downloads.resolvers.options import ResolverOptions
from heygem.downloads.resolvers.registry import ResolverSet, build_resolvers
from tests.downloads.resolvers.stand_in import Answering, StandIn, serving

Build: TypeAlias = Callable[..., ResolverSet]
Serve: TypeAlias = Callable[[Answering], StandIn]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def build() -> Iterator[Build]:
    with ExitStack() as stack:

        def build_one(**options: Any) -> ResolverSet:
            resolvers = build_resolvers(ResolverOptions(timeout_s=20, connect_s=10, **options))
            stack.callback(resolvers.close)
            return resolvers

        yield build_one


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda answering: stack.enter_context(serving(answering))
