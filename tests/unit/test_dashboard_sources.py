"""Where dashboards come from, and what is told of those that cannot be opened."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from hubtui.clients.gate import Gate
from hubtui.config import Demo, MetricsSource, Settings
from hubtui.errors import (
    ApiError,
    ConfigError,
    DecodeError,
    DeniedError,
    HubtuiError,
    NotFoundError,
    ReadOnlyError,
    UsageError,
)
from hubtui.model import kube
from hubtui.services.dashboards import LABEL, VARIABLE, Dashboards, Found, Source
from hubtui.services.session import Session
from tests.webserver import serving

TOKEN = "glsa_shown-nowhere"
HUB = "hub"


def document(title: str, **more: Any) -> str:
    return json.dumps({"title": title, "uid": title.lower(), "panels": [], **more})


class FakeCluster:
    """A fake of the apiserver's ConfigMaps; without `everywhere` only of some namespaces."""

    def __init__(
        self, *maps: kube.ConfigMap, everywhere: bool = True, may: tuple[str, ...] = ()
    ) -> None:
        self.maps = list(maps)
        self.everywhere = everywhere
        self.may = may

    async def list(self, _kind: object, namespace: str = "", *, labels: str) -> list[Any]:
        assert labels == LABEL
        if not (self.everywhere or namespace in self.may):
            raise DeniedError("no right to list configmaps")
        return [each for each in self.maps if namespace in ("", each.metadata.namespace)]

    async def get(self, _kind: object, namespace: str, name: str) -> kube.ConfigMap:
        for each in self.maps:
            if (each.metadata.namespace, each.metadata.name) == (namespace, name):
                return each
        raise NotFoundError(f"ConfigMap {namespace}/{name} is gone", status=404)


def config_map(namespace: str, name: str, **data: str) -> kube.ConfigMap:
    files = {key.replace("_", "."): value for key, value in data.items()}
    return kube.ConfigMap(metadata=kube.Meta(name=name, namespace=namespace), data=files)


def opened(
    cluster: FakeCluster | None = None, demo: Demo | None = None, **given: Any
) -> Dashboards:
    settings = Settings(metrics=MetricsSource(**given), demo=demo)
    session = SimpleNamespace(
        settings=settings, client=cluster or FakeCluster(), gate=Gate(), namespace=HUB
    )
    return Dashboards(cast(Session, session))


class FakeGrafana:
    """A fake of Grafana's API: a search, and dashboards by their uid, for one token."""

    def __init__(self) -> None:
        self.dashboards = {"a-1": document("Activity"), "b": document("Budget")}
        self.asked: list[tuple[str, str]] = []
        self.answers = threading.Event()
        self.answers.set()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/grafana/api/search", self.search)
        app.router.add_get("/grafana/api/dashboards/uid/{uid}", self.one)
        app.router.add_get("/plain.json", self.plain)
        app.router.add_get("/moved.json", self.moved)
        app.router.add_get("/page", self.page)
        return app

    def refused(self, request: web.Request) -> web.Response | None:
        sent = request.headers.get("authorization", "")
        self.asked.append((request.path_qs, sent))
        if sent == f"Bearer {TOKEN}":
            return None
        return web.json_response({"message": f"Invalid {sent[7:]}"}, status=401)

    async def search(self, request: web.Request) -> web.Response:
        await asyncio.to_thread(self.answers.wait)
        listed = [
            {"uid": uid, "title": json.loads(text)["title"], "folderTitle": "JupyterHub"}
            for uid, text in self.dashboards.items()
        ]
        return self.refused(request) or web.json_response([*listed, {"uid": "../x", "title": "?"}])

    async def one(self, request: web.Request) -> web.Response:
        if refused := self.refused(request):
            return refused
        found = self.dashboards.get(request.match_info["uid"])
        if found is None:
            return web.json_response({"message": "Dashboard not found"}, status=404)
        return web.json_response({"meta": {}, "dashboard": json.loads(found)})

    async def plain(self, request: web.Request) -> web.Response:
        self.asked.append((request.path_qs, request.headers.get("authorization", "")))
        return web.Response(text=document("Plain"))

    async def moved(self, _request: web.Request) -> web.Response:
        raise web.HTTPFound("/plain.json")

    async def page(self, _request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><p>Sign in")


@pytest.fixture
def grafana() -> FakeGrafana:
    return FakeGrafana()


@pytest.fixture
def site(grafana: FakeGrafana, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a web server, with the Grafana below it and its token in the environment."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    with serving(grafana.app()) as url:
        yield url


async def test_config_maps_of_all_namespaces_are_offered_each_file_by_its_title() -> None:
    dashboards = opened(
        FakeCluster(
            config_map("support", "hubs", a_json=document("Usage"), b_json=document("Activity")),
            config_map(HUB, "other", notes_txt="x", broken_json='{"title": '),
        )
    )
    offers = await dashboards.offers()
    assert [(each.title, each.place) for each in offers.found if not each.fault] == [
        ("Activity", "support/hubs b.json"), ("Usage", "support/hubs a.json")
    ]  # fmt: skip
    (broken,) = (each for each in offers.found if each.fault)
    assert broken.place == f"{HUB}/other broken.json"
    assert offers.notes == ()
    assert (await dashboards.open(offers.found[0])).title == "Activity"
    with pytest.raises(DecodeError, match=r"hub/other broken\.json: The dashboard is no JSON"):
        await dashboards.open(broken)


async def test_without_the_right_to_all_namespaces_the_usual_ones_are_looked_at() -> None:
    cluster = FakeCluster(
        config_map("support", "hubs", a_json=document("Usage")), everywhere=False, may=("support",)
    )
    offers = await opened(cluster, prometheus="observe/prometheus").offers()
    assert [each.title for each in offers.found] == ["Usage"]
    (note,) = offers.notes
    assert note.source == Source.CLUSTER
    assert note.reason.startswith("ConfigMaps of all namespaces may not be listed, nor those of")
    assert "hub" in note.reason
    assert "observe" in note.reason


async def test_a_config_map_that_went_is_told() -> None:
    cluster = FakeCluster(config_map(HUB, "x", a_json=document("A")))
    dashboards = opened(cluster)
    (found,) = (await dashboards.offers()).found
    cluster.maps = [config_map(HUB, "x")]
    with pytest.raises(DecodeError, match=r"has no a\.json any more"):
        await dashboards.open(found)
    cluster.maps = []
    with pytest.raises(NotFoundError):
        await dashboards.open(found)
    assert dashboards.last is None


async def test_files_are_opened_by_name_and_offered_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(document("Budget"))
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "notes.txt").write_text("x")
    dashboards = opened(dashboards=str(tmp_path))
    offers = await dashboards.offers()
    assert [(each.title, bool(each.fault)) for each in offers.found] == [
        ("bad.json", True), ("Budget", False)
    ]  # fmt: skip
    opened_last = await dashboards.bring(f" {tmp_path / 'b.json'} ")
    assert dashboards.last == (
        Found("Budget", Source.FILE, str(tmp_path / "b.json"), "budget"), opened_last
    )  # fmt: skip
    gone = await opened(dashboards=str(tmp_path / "none")).offers()
    assert "cannot be read" in gone.notes[0].reason


@pytest.mark.parametrize(
    ("named", "error", "words"),
    [
        ("", UsageError, "No dashboard is named"),
        ("{}", UsageError, "is a folder"),
        ("{}/none.json", UsageError, "is no file"),
        ("{}/bad.json", DecodeError, "bad.json: The dashboard is no JSON"),
        ("ftp://example.org/x", ConfigError, "it is no https:// address"),
        ("https://me:it@example.org/x", ConfigError, "holds no user name and no password"),
    ],
)
async def test_what_cannot_be_opened_says_why(
    tmp_path: Path, named: str, error: type[HubtuiError], words: str
) -> None:
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(error, match=words):
        await opened().bring(named.format(tmp_path))


async def test_a_grafana_lists_its_dashboards_for_a_token(site: str, grafana: FakeGrafana) -> None:
    dashboards = opened(grafana=f"{site}/grafana")
    offers = await dashboards.offers()
    assert [(each.title, each.source, each.place) for each in offers.found] == [
        ("Activity", Source.GRAFANA, "JupyterHub"), ("Budget", Source.GRAFANA, "JupyterHub")
    ]  # fmt: skip
    assert (await dashboards.open(offers.found[1])).title == "Budget"
    assert (
        await dashboards.bring(f"{site}/grafana/d/a-1/activity?from=now-1h")
    ).title == "Activity"
    assert [path for path, _ in grafana.asked] == [
        "/grafana/api/search?type=dash-db&limit=1000&page=1",
        "/grafana/api/dashboards/uid/b",
        "/grafana/api/dashboards/uid/a-1",
    ]
    with pytest.raises(NotFoundError, match="Dashboard not found"):
        await dashboards.open(Found("Gone", Source.GRAFANA, "", "gone"))
    await dashboards.close()


async def test_a_grafana_that_refuses_is_a_note_without_the_token(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "glsa_wrong")
    dashboards = opened(
        FakeCluster(config_map(HUB, "x", a_json=document("A"))), grafana=f"{site}/grafana"
    )
    offers = await dashboards.offers()
    assert [each.title for each in offers.found] == ["A"]
    (note,) = offers.notes
    assert "does not accept the token" in note.reason
    assert "glsa_wrong" not in note.reason
    await dashboards.close()


async def test_a_grafana_that_is_slow_holds_back_no_other_source(
    site: str, grafana: FakeGrafana, tmp_path: Path
) -> None:
    (tmp_path / "own.json").write_text(document("Own"))
    grafana.answers.clear()
    cluster = FakeCluster(config_map(HUB, "x", a_json=document("A")))
    dashboards = opened(cluster, grafana=f"{site}/grafana")
    await dashboards.bring(str(tmp_path / "own.json"))
    titles = []
    async for offers in dashboards.looking():
        titles.append([each.title for each in offers.found])
        if "A" in titles[-1]:
            grafana.answers.set()
    assert titles[-2] == ["Own", "A"]
    assert titles[-1] == ["Own", "A", "Activity", "Budget"]
    assert not offers.waits
    await dashboards.close()


async def test_an_address_is_asked_without_any_token(site: str, grafana: FakeGrafana) -> None:
    dashboards = opened(grafana=f"{site}/grafana")
    assert (await dashboards.bring(f"{site}/moved.json")).title == "Plain"
    assert grafana.asked == [("/plain.json", "")]
    with pytest.raises(DecodeError, match="page of HTML"):
        await dashboards.bring(f"{site}/page")
    with pytest.raises(ApiError, match="HTTP 404"):
        await dashboards.bring(f"{site}/none")
    await dashboards.close()


async def test_the_demo_asks_nobody_of_the_users(site: str, grafana: FakeGrafana) -> None:
    demo = Demo(story="calm")
    offers = await opened(demo=demo, grafana=f"{site}/grafana", dashboards="/").offers()
    assert (offers.found, offers.notes, grafana.asked) == ((), (), [])


@pytest.mark.parametrize("path", ["/api/search", "/api/dashboards/uid/a_B-1"])
def test_the_gate_lets_two_reads_of_grafana_through(path: str) -> None:
    Gate().check_grafana(path)


@pytest.mark.parametrize(
    "path",
    ["/api/dashboards/db", "/api/dashboards/uid/a/../../admin", "/api/admin/settings",
     "/api/datasources/proxy/1/api/v1/query", "/api/dashboards/uid/", "/api/search/"],
)  # fmt: skip
def test_the_gate_lets_nothing_else_of_grafana_through(path: str) -> None:
    with pytest.raises(ReadOnlyError):
        Gate().check_grafana(path)
