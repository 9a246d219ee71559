"""Live tables by kind. A store calls nobody: whoever wants to know asks what has become dirty."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from hubtui.errors import DeniedError, HubtuiError
from hubtui.model.kube import Object

T = TypeVar("T", bound=Object)


class State(StrEnum):
    """How fresh a store is."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a store: `since` when it began, `error` what broke it, `retry_at` when it is
    tried again."""

    state: State
    since: datetime
    error: HubtuiError | None = None
    retry_at: datetime | None = None


def utc_now() -> datetime:
    """The clock of the services; tests replace it."""
    return datetime.now(UTC)


class Subscription:
    """What one reader has not seen yet. `all` is set when everything is to be looked at anew."""

    __slots__ = ("all", "keys")

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.all = True

    def drain(self) -> tuple[bool, set[str]]:
        """Whether everything changed, and the keys that did; forgets both."""
        everything, keys = self.all, self.keys
        self.all, self.keys = False, set()
        return everything, keys


class Readable:
    """What tells each of its readers which of its keys have changed."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

    def subscribe(self) -> Subscription:
        """A reader of its own; it starts with everything dirty."""
        subscription = Subscription()
        self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """A reader that reads no more: nothing is noted for it."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def _touch(self, key: str) -> None:
        for subscription in self._subscriptions:
            subscription.keys.add(key)

    def _dirty(self, keys: Set[str]) -> None:
        for subscription in self._subscriptions:
            subscription.keys |= keys

    def _dirty_all(self) -> None:
        for subscription in self._subscriptions:
            subscription.all = True


class Store(Readable, Generic[T]):
    """The objects of one feed by key, equal to the server's state whenever it is LIVE."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.health = Health(State.CONNECTING, utc_now())
        self.loaded = asyncio.Event()
        """Set when the first list is complete, or when it is denied."""
        self.answered = asyncio.Event()
        """Set when the first try to list has ended, in whatever way."""
        self._objects: dict[str, T] = {}
        self._listed: set[str] | None = None

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[T]:
        return iter(self._objects.values())

    def get(self, key: str) -> T | None:
        """One object by `namespace/name`."""
        return self._objects.get(key)

    @property
    def complete(self) -> bool:
        """Whether a whole list was ever read: until then a count is a lower bound."""
        return self.loaded.is_set() and self.health.state is not State.DENIED

    def listing(self) -> None:
        """A list begins."""
        self._listed = set()

    def page(self, objects: Iterable[T]) -> None:
        """More objects of a list that is under way."""
        listed = self._listed if self._listed is not None else set()
        for thing in objects:
            listed.add(thing.key)
            self.put(thing)
        self._listed = listed

    def listed(self) -> None:
        """The list is complete: what was not in it is gone."""
        listed, self._listed = self._listed or set(), None
        for key in [key for key in self._objects if key not in listed]:
            self.remove(key)

    def put(self, thing: T) -> None:
        """An object came or changed; one that looks the same dirties nothing."""
        key = thing.key
        before = self._objects.get(key)
        self._objects[key] = thing
        if before is None or before != thing:
            self._touch(key)

    def remove(self, key: str) -> None:
        """An object is gone."""
        if self._objects.pop(key, None) is not None:
            self._touch(key)

    def live(self) -> None:
        """What the store holds is what the server holds."""
        self.loaded.set()
        self._health(Health(State.LIVE, utc_now()))

    def failed(self, error: HubtuiError, retry_in: float) -> None:
        """Nothing comes at present."""
        now = utc_now()
        retry_at = now + timedelta(seconds=retry_in)
        if isinstance(error, DeniedError) and error.status == 403:
            state = State.DENIED
            self.loaded.set()
        else:
            state = State.STALE if self.loaded.is_set() else State.CONNECTING
        since = self.health.since if self.health.state is state else now
        self._health(Health(state, since, error, retry_at))

    def _health(self, health: Health) -> None:
        self.health = health
        self.answered.set()
        if health.state is State.DENIED:
            self._dirty_all()
