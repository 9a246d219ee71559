"""A store equals the server's state, whatever happened on the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubtui.errors import DeniedError, UnreachableError
from hubtui.model.kube import Meta, Object
from hubtui.services.store import State, Store

NAMES = st.sampled_from("abcdef")
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, st.integers(0, 3)),
        st.tuples(st.just("remove"), NAMES, st.just(0)),
        st.tuples(st.just("relist"), NAMES, st.just(0)),
        st.tuples(st.just("broken list"), NAMES, st.just(0)),
    ),
    max_size=40,
)


def thing(name: str, generation: int = 0, version: str = "1") -> Object:
    return Object(
        metadata=Meta(name=name, namespace="hub", generation=generation, resource_version=version)
    )


@given(EVENTS)
def test_for_any_sequence_of_events_the_store_holds_what_the_server_holds(
    events: list[tuple[str, str, int]],
) -> None:
    server: dict[str, Object] = {}
    store: Store[Object] = Store("things")
    seen = store.subscribe()
    shown: dict[str, Object] = {}
    for verb, name, generation in events:
        if verb == "put":
            server[f"hub/{name}"] = thing(name, generation)
            store.put(server[f"hub/{name}"])
        elif verb == "remove":
            server.pop(f"hub/{name}", None)
            store.remove(f"hub/{name}")
        elif verb == "relist":
            # Whatever happened to the object in the meantime was not told.
            server.pop(f"hub/{name}", None)
            store.listing()
            store.page(list(server.values())[:2])
            store.page(list(server.values())[2:])
            store.listed()
        else:
            store.listing()
            store.page(list(server.values())[:1])
            store.failed(UnreachableError("cut"), 1)
        everything, keys = seen.drain()
        for key in set(shown) | {t.key for t in store} if everything else keys:
            found = store.get(key)
            if found is None:
                shown.pop(key, None)
            else:
                shown[key] = found
        assert {t.key: t for t in store} == server
        assert shown == server


def test_an_object_that_looks_the_same_dirties_nothing() -> None:
    store: Store[Object] = Store("things")
    store.put(thing("a", version="1"))
    seen = store.subscribe()
    seen.drain()
    store.put(thing("a", version="2"))
    assert seen.drain() == (False, set())
    assert store.get("hub/a") is not None
    store.put(thing("a", generation=2, version="3"))
    assert seen.drain() == (False, {"hub/a"})


def test_a_list_that_broke_off_removes_nothing() -> None:
    store: Store[Object] = Store("things")
    store.put(thing("a"))
    store.listing()
    store.page([thing("b")])
    store.failed(UnreachableError("cut"), 1)
    assert {t.metadata.name for t in store} == {"a", "b"}


def state(store: Store[Object]) -> State:
    return store.health.state


def test_freshness_tells_live_stale_and_denied_apart() -> None:
    store: Store[Object] = Store("things")
    assert state(store) is State.CONNECTING
    store.failed(UnreachableError("no route"), 1)
    assert state(store) is State.CONNECTING
    assert not store.complete
    store.live()
    assert state(store) is State.LIVE
    store.failed(UnreachableError("cut"), 1)
    assert state(store) is State.STALE
    since = store.health.since
    store.failed(UnreachableError("cut again"), 2)
    assert store.health.since == since
    store.failed(DeniedError("no right to list things"), 30)
    assert state(store) is State.DENIED
    assert not store.complete
