"""A fake session, and an app on it: no network, no cluster, nothing that could be written to.

Only the wires are fake: `PreparedClient` and `PreparedWire` answer from a World. Gate, stores,
joins, views, plans and screens are the real ones. helm is a script that says a version and waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from textual.pilot import Pilot

from hubtui.clients.gate import Call, Gate, WriteToken
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import Context, current_context
from hubtui.config import Settings
from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model import kinds
from hubtui.model.kinds import Kind
from hubtui.services.discovery import Hub
from hubtui.services.session import Session
from hubtui.services.store import Store
from hubtui.tui import app as tui
from hubtui.tui.app import HubtuiApp
from hubtui.tui.panes.base import Pane
from tests.tui import world
from tests.tui.prepared_hub import PreparedWire
from tests.tui.prepared_prometheus import PreparedPrometheus
from tests.tui.tables import screen_lines
from tests.tui.world import NOW, World

CONTEXT = "gke-eu-prod"
OTHER = "gke-us-test"
_CLOCKS = (
    "hubtui.tui.app",
    "hubtui.services.store",
)


class _Frozen(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _Frozen:
        return cls.fromtimestamp(NOW.timestamp(), tz)


def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the program stands still at NOW."""
    for module in _CLOCKS:
        monkeypatch.setattr(f"{module}.datetime", _Frozen)
    monkeypatch.setattr("hubtui.services.journal.now", lambda: NOW)


class PreparedClient(KubeClient):
    """A fake apiserver: the gate decides, memory answers.

    `error` makes it dead; with `hold` it answers once that is set, and `held` says that it was
    asked.
    """

    def __init__(self, settings: Settings, context: Context, gate: Gate, known: World) -> None:
        super().__init__(settings, context, gate)
        self.known = known
        self.calls: list[Call] = []
        self.error: HubtuiError | None = None
        self.hold: asyncio.Event | None = None
        self.held = asyncio.Event()

    async def request(
        self,
        call: Call,
        *,
        kind: Kind[Any],
        body: object = None,
        token: WriteToken | None = None,
        content_type: str = "application/json",
        timeout: float = 30,
        exact: bool = False,
    ) -> bytes:
        self.gate.check(call, token)
        self.calls.append(call)
        if self.hold is not None:
            self.held.set()
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        return msgspec.json.encode(self._answer(call))

    def _answer(self, call: Call) -> Any:
        if call.verb == "create":
            return {"metadata": {}, "status": {"allowed": True}}
        objects = self.known.objects.get(call.resource, [])
        if call.verb == "list":
            return {"metadata": {}, "items": [o for o in objects if _selected(o, call.query)]}
        for each in objects:
            if each["metadata"]["name"] == call.name:
                return each
        raise NotFoundError(f"{call.resource} {call.name} not found", status=404)

    @asynccontextmanager
    async def stream(
        self, call: Call, *, kind: Kind[Any], read_timeout: float | None
    ) -> AsyncIterator[Any]:
        self.gate.check(call)
        self.calls.append(call)
        if self.error is not None:
            raise self.error
        yield _Content(self.known.log, follow="follow" in call.query)


class _Content:
    """A log's bytes; one that is followed does not end."""

    def __init__(self, lines: Iterable[str], *, follow: bool) -> None:
        self._lines = list(lines)
        self._follow = follow

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield "".join(f"{line}\n" for line in self._lines).encode()
        if self._follow:
            await asyncio.Event().wait()


def _selected(each: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    labels = each["metadata"].get("labels", {})
    wanted = [part.partition("=") for part in query.get("labelSelector", "").split(",") if part]
    field, unequal, value = query.get("fieldSelector", "").partition("!=")
    where = each["metadata"] if field.startswith("metadata.") else each
    right_type = not unequal or where.get(field.removeprefix("metadata.")) != value
    on_node, _, node = query.get("fieldSelector", "").partition("spec.nodeName=")
    right_node = bool(on_node) or not node or each["spec"].get("nodeName") == node
    return right_type and right_node and all(labels.get(name) == value for name, _, value in wanted)


def settings(folder: Path, **more: Any) -> Settings:
    """Settings with a kubeconfig of two contexts and a helm that says a version and waits."""
    kubeconfig = folder / "kubeconfig.yaml"
    helm = folder / "helm"
    if not helm.exists():
        cluster = {"server": "https://127.0.0.1:1"}
        document = {
            "current-context": CONTEXT,
            "clusters": [{"name": "nowhere", "cluster": cluster}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [
                {"name": name, "context": {"cluster": "nowhere", "user": "nobody"}}
                for name in (CONTEXT, OTHER)
            ],
        }
        kubeconfig.write_text(yaml.safe_dump(document))
        helm.write_text(HELM.format(end=folder / "helm-may-end"))
        helm.chmod(0o700)
    return Settings(**{"kubeconfig": str(kubeconfig), "helm": str(helm), "theme": "dark", **more})


HELM = """#!/bin/sh
[ "$1" = version ] && {{ printf v4.3.1; exit 0; }}
# Whatever becomes of the test, its folder goes in the end.
until [ -e {end} ] || [ ! -e "$0" ]; do sleep 0.05; done
echo "Error: this helm is a fake" >&2
exit 1
"""


def let_helm_end(folder: Path) -> None:
    """The helm that waits ends, with an error."""
    (folder / "helm-may-end").touch()


def session(chosen: Settings, known: World | None = None, hub: str = world.RELEASE) -> Session:
    """A session on a world; its stores are full and live."""
    context = current_context(chosen)
    gate = Gate(chosen.read_only_reason(context.name))
    found = world.hub(hub) if known is None else known
    client = PreparedClient(chosen, context, gate, found)
    opened = Session(
        chosen, context, client, Hub(world.NAMESPACE, hub, "hub", "jupyterhub-4.4.0"), live=False
    )
    filled = (
        (kinds.PODS, opened.pods.stores.pods),
        (kinds.DEPLOYMENTS, opened.pods.stores.deployments),
        (kinds.STATEFULSETS, opened.pods.stores.statefulsets),
        (kinds.DAEMONSETS, opened.pods.stores.daemonsets),
        (kinds.JOBS, opened.jobs),
        (kinds.NODES, opened.nodes.store),
        (kinds.CLAIMS, opened.storage.claims),
        (kinds.VOLUMES, opened.storage.volumes),
        (kinds.STORAGE_CLASSES, opened.storage.classes),
        (kinds.ATTACHMENTS, opened.storage.attachments),
    )
    for kind, store in filled:
        _fill(store, found.objects.get(kind.resource, []), kind.struct)
    _fill(opened.nodes.elsewhere, (), kinds.PODS.struct)
    opened.hub_link._wire = PreparedWire(found)
    if found.measures:
        opened.prometheus._found = PreparedPrometheus(found)
    opened.hub_feed._cadence = 0.3  # who shows all users waits for no beat of the feed
    stored = [each for each in found.objects["secrets"] if _selected(each, _HELM)]
    _fill(opened.releases.store, stored, kinds.SECRETS_METADATA.struct)
    return opened


_HELM = {"labelSelector": "owner=helm"}


def _fill(store: Store[Any], objects: Iterable[Mapping[str, Any]], struct: Any) -> None:
    store.listing()
    store.page(msgspec.convert(each, struct) for each in objects)
    store.listed()
    store.live()


class PreparedApp(HubtuiApp):
    """The app with a session from the start."""

    CSS_PATH = str(Path(tui.__file__).with_name("hubtui.tcss"))

    def __init__(self, prepared: Session) -> None:
        super().__init__(prepared.settings)
        self.prepared = prepared
        self.ascii_only = False

    def _connect(self) -> None:
        self._opened(self.prepared)

    @property
    def client(self) -> PreparedClient:
        """The fake at the bottom."""
        assert isinstance(self.prepared.client, PreparedClient)
        return self.prepared.client

    def pane(self, name: str) -> Pane:
        """A pane of the overview."""
        return self._overview.query_one(f"#{name}", Pane)

    def told(self) -> list[str]:
        """What was said in notifications."""
        return [str(note.message) for note in self._notifications]

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(screen_lines(self))


@asynccontextmanager
async def running(
    config: Path | str, size: tuple[int, int] = (160, 44), **settings: Any
) -> AsyncIterator[Pilot[Any]]:
    """hubtui on a terminal, with a kubeconfig; an exception in it fails the test."""
    app = HubtuiApp(Settings(kubeconfig=str(config), **settings))
    async with app.run_test(size=size) as pilot:
        yield pilot


def text(pilot: Pilot[Any]) -> str:
    """The screen as one paragraph: where a line was wrapped does not matter."""
    return " ".join(" ".join(screen_lines(pilot.app)).replace("│", " ").split())


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str = "") -> None:
    """Lets the app go on until something holds; its beat is not waited for."""
    for look in range(1200):
        if condition():
            return
        # Looking costs a painted screen: what takes long is not slowed down by it.
        await pilot.pause(0.01 if look < 20 else 0.05)
    shown = "\n".join(screen_lines(pilot.app))
    raise AssertionError(f"never came: {what or condition}\n{shown}")


async def shown(pilot: Pilot[Any], words: str) -> None:
    """Waits until words stand on the screen."""
    await until(pilot, lambda: words in "\n".join(screen_lines(pilot.app)), words)


async def ready(pilot: Pilot[Any]) -> None:
    """All of the overview is painted."""
    await shown(pilot, "bump image")
    await pilot.pause()
