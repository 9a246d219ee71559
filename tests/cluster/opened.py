"""Sessions and stores on the testbed, as the screen would open them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hubtui.clients.kube import KubeClient
from hubtui.config import Settings
from hubtui.services.feeds import Feeds
from hubtui.services.session import Session, Several, connect, open_client
from hubtui.services.store import State, Store

PATIENCE = 60.0
"""Seconds after which a test calls something that does not come a failure."""


async def until(true: Callable[[], object], what: str = "") -> None:
    """Waits for something that a store tells; stores call nobody, so they are looked at."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - a store has no event to wait for
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never came: {what or true}") from None


@asynccontextmanager
async def client_of(kubeconfig: Path, **settings: Any) -> AsyncIterator[KubeClient]:
    """A client of a kubeconfig's context."""
    client = open_client(Settings(kubeconfig=str(kubeconfig), **settings))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def session_of(kubeconfig: Path, **settings: Any) -> AsyncIterator[Session]:
    """A live session on the hub that is found."""
    chosen = Settings(kubeconfig=str(kubeconfig), **settings)
    client = open_client(chosen)
    try:
        found = await connect(chosen, client)
        assert not isinstance(found, Several), f"several hubs: {found.hubs}"
    except BaseException:
        await client.close()
        raise
    try:
        yield found
    finally:
        await found.close()


@asynccontextmanager
async def feeds_of(client: KubeClient, **options: float) -> AsyncIterator[Feeds]:
    """Feeds whose heart beats as fast as a test wants."""
    feeds = Feeds(client, **options)  # type: ignore[arg-type]
    try:
        yield feeds
    finally:
        await feeds.close()


async def live(*stores: Store[Any]) -> None:
    """Waits until stores are live."""
    for store in stores:
        await until(
            lambda store=store: store.health.state is State.LIVE,  # type: ignore[misc]
            f"{store.name} live, is {store.health}",
        )


def names(store: Store[Any]) -> set[str]:
    """The names of what a store holds."""
    return {thing.metadata.name for thing in store}
