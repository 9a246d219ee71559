"""The reconciler's reader: a side that cannot be read whole is named, and nothing said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubtui.errors import DeniedError, UnreachableError
from hubtui.model.disagreement import Kind
from hubtui.model.kube import Pod
from hubtui.services.orphans import Found
from hubtui.services.session import Session
from hubtui.views.orphans import sentence
from tests import situations
from tests.tui import prepared
from tests.tui.prepared_hub import PreparedWire

ORPHAN = "jupyter-zoe"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The prepared hub, and a pod that it knows nothing of."""
    prepared.freeze(monkeypatch)
    monkeypatch.setattr("hubtui.model.orphans.APART", 0.0)  # one look tells what lasts
    found = prepared.session(prepared.settings(tmp_path))
    found.pods.stores.pods.put(orphan())
    return found


def orphan() -> Pod:
    return situations.pod(ORPHAN, "singleuser-server", user="zoe")


def wire(session: Session) -> PreparedWire:
    found = session.hub_link._wire
    assert isinstance(found, PreparedWire)
    return found


def told(found: Found) -> list[tuple[Kind, str]]:
    return [(each.kind, each.pod) for each in found.lasting]


async def test_all_three_are_read_and_one_page_is_asked_for_at_a_time(session: Session) -> None:
    found = await session.orphans.look()
    assert told(found) == [(Kind.ORPHAN_POD, ORPHAN)]
    assert found.missing == ()
    asked = [call.partition("?")[0] for call in wire(session).calls]
    assert asked == ["GET /user", "GET /users", "GET /proxy"]


async def test_who_agrees_is_counted(session: Session) -> None:
    session.pods.stores.pods.remove(f"hub/{ORPHAN}")
    found = await session.orphans.look()
    assert found.agrees
    assert sentence(found) == f"Hub, pods and routes agree: {found.servers} servers."


async def test_a_hub_that_does_not_answer_makes_no_orphan(session: Session) -> None:
    await session.orphans.look()
    wire(session).error = UnreachableError("The hub does not answer in time")
    found = await session.orphans.look()
    assert (found.lasting, found.coming, found.users) == ((), 0, None)
    assert sentence(found) == "Cannot be said: hub (The hub does not answer in time)."


async def test_routes_that_the_token_may_not_read_leave_the_rest(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = await session.hub_link.open()

    async def refused() -> dict[str, object]:
        raise DeniedError("The hub's token has none of the scopes proxy", resource="proxy")

    monkeypatch.setattr(hub, "routes", refused)
    found = await session.orphans.look()
    assert told(found) == [(Kind.ORPHAN_POD, ORPHAN)]
    assert [each.source for each in found.missing] == ["routes"]
    assert "scopes proxy" in found.missing[0].reason


async def test_pods_that_are_not_live_make_no_lost_server(session: Session) -> None:
    store = session.pods.stores.pods
    for pod in list(store):
        store.remove(pod.key)
    store.failed(UnreachableError("The apiserver does not answer"), 5)
    found = await session.orphans.look()
    assert (found.lasting, found.coming) == ((), 0)
    assert [each.source for each in found.missing] == ["pods"]
