"""The simulated hub's REST API answers as JupyterHub does (facts.md §3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.demo.hubs import OPERATOR, VIEWER, Stage, client, stage, start_hub_pod, stop_hub_pod
from tests.demo.hubs import values as with_scopes

PAGES = {"Accept": "application/jupyterhub-pagination+json"}
SERVER_KEYS = {
    *("name", "full_name", "last_activity", "started", "pending", "ready", "stopped", "url"),
    *("user_options", "progress_url", "full_url", "full_progress_url"),
}


def populated(count: int = 5, scopes: tuple[str, ...] = OPERATOR, app: str = "5.5.0") -> Stage:
    """Users u000, u001 … of whom each second has a server that is ready."""
    made = stage(with_scopes(scopes, allowNamedServers=True), app)
    for number in range(count):
        user = made.hub.add_user(f"u{number:03d}", admin=number == 0)
        if number % 2:
            made.hub.spawner.start(user)
        if number % 40 == 0:
            made.pass_by(10)
    made.pass_by(10)
    return made


async def test_health_and_version_are_for_everybody() -> None:
    async with client(stage().hub, token="") as asking:
        for path in ("/health", "/../health"):
            health = await asking.get(path)
            assert (health.status_code, health.text) == (200, "")
            assert health.headers["Content-Type"].startswith("text/html")
        root = await asking.get("/")
        assert root.json() == {"version": "5.5.0"}
        assert root.headers["X-JupyterHub-Version"] == "5.5.0"


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_who_is_not_known_gets_403(token: str) -> None:
    async with client(stage().hub, token) as asking:
        refused = await asking.get("/users")
        assert refused.status_code == 403
        assert refused.json() == {"status": 403, "message": "Missing or invalid credentials."}


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/users", "list:users"),
        ("POST", "/users", "admin:users"),
        ("DELETE", "/users/u001", "delete:users"),
        ("POST", "/users/u001/server", "servers"),
        ("DELETE", "/users/u001/server", "delete:servers"),
        ("GET", "/users/u001/server/progress", "read:servers"),
        ("GET", "/users/u001/tokens", "read:tokens"),
        ("GET", "/groups", "list:groups"),
        ("GET", "/services", "list:services"),
        ("GET", "/info", "read:hub"),
        ("GET", "/proxy", "proxy"),
        ("POST", "/shutdown", "shutdown"),
    ],
)
async def test_what_is_out_of_scope_is_refused_by_name(method: str, path: str, needed: str) -> None:
    async with client(populated(scopes=()).hub) as asking:
        refused = await asking.request(method, path)
        assert refused.status_code == 403
        assert refused.json()["message"] == (
            f"Action is not authorized with current scopes; requires any of [{needed}]"
        )


async def test_the_service_sees_itself_with_all_scopes() -> None:
    async with client(stage(with_scopes(("list:users", "read:users"))).hub) as asking:
        me = (await asking.get("/user")).json()
        assert (me["kind"], me["name"], me["session_id"]) == ("service", "hubtui", None)
        assert me["scopes"] == [
            *("list:users", "read:users", "read:users:activity"),
            *("read:users:groups", "read:users:name"),
        ]


@pytest.mark.parametrize(
    ("scopes", "keys"),
    [
        (("list:users",), {"kind", "name", "admin"}),
        (("list:users", "read:servers"), {"kind", "name", "admin", "servers"}),
        (
            ("list:users", "read:servers", "read:users:activity"),
            {"kind", "name", "admin", "servers", "last_activity"},
        ),
        (
            VIEWER,
            {"kind", "name", "admin", "roles", "groups", "server", "pending", "created"}
            | {"last_activity", "servers"},
        ),
    ],
)
async def test_scopes_decide_which_keys_of_a_user_appear(
    scopes: tuple[str, ...], keys: set[str]
) -> None:
    async with client(populated(scopes=scopes).hub) as asking:
        users = (await asking.get("/users")).json()
        assert set(users[1]) == keys
        one = (await asking.get("/users/u001")).json()
        assert one == users[1]


@pytest.mark.parametrize(
    ("app", "user_more", "server_more"),
    [("5.5.0", set(), set()), ("6.1.1", {"user_info"}, {"display_name"})],
)
async def test_a_server_as_5_and_6_show_it(
    app: str, user_more: set[str], server_more: set[str]
) -> None:
    async with client(populated(app=app).hub) as asking:
        user = (await asking.get("/users/u001")).json()
        assert user_more == set(user) & {"user_info"}
        assert user["server"] == "/user/u001/"
        server = user["servers"][""]
        assert set(server) == SERVER_KEYS | server_more
        assert server["full_name"] == "u001/"
        assert server["progress_url"] == "/hub/api/users/u001/server/progress"
        assert (server["ready"], server["stopped"], server["pending"]) == (True, False, None)
        assert server["started"].startswith("2026-11-20T08:00:11.")
        assert server["started"].endswith("Z")
        single = await asking.get("/users/u001/server")
        assert single.status_code == (200 if server_more else 405)


async def test_server_state_needs_a_scope_of_its_own() -> None:
    made = populated(scopes=(*OPERATOR, "admin:server_state"))
    async with client(made.hub) as asking:
        server = (await asking.get("/users/u001")).json()["servers"][""]
        assert server["state"] == {
            "kubespawner_version": "7.0.0",
            "pod_name": "jupyter-u001",
            "namespace": "hub",
            "dns_name": "jupyter-u001.hub.svc.cluster.local",
            "pvc_name": "claim-u001",
        }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "u000 u001 u002 u003 u004"),
        ({"state": "active"}, "u001 u003"),
        ({"state": "ready"}, "u001 u003"),
        ({"state": "inactive"}, "u000 u002 u004"),
        ({"sort": "-name"}, "u004 u003 u002 u001 u000"),
        ({"sort": "last_activity"}, "u000 u002 u004 u001 u003"),
        ({"name_filter": "U00", "limit": "2"}, "u000 u001"),
        ({"offset": "3"}, "u003 u004"),
        ({"name_filter": "nobody"}, ""),
    ],
)
async def test_users_are_filtered_sorted_and_cut(query: dict[str, str], names: str) -> None:
    made = populated()
    made.hub.users["u003"].servers[""].seen = made.hub.now
    async with client(made.hub) as asking:
        users = (await asking.get("/users", params=query)).json()
        assert [each["name"] for each in users] == names.split()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"state": "sleepy"}, "Unrecognized state filter: 'sleepy'"),
        ({"sort": "age"}, "sort must be 'id', 'name', or 'last_activity', not 'age'"),
        ({"limit": "many"}, "Invalid argument type, offset and limit must be integers"),
    ],
)
async def test_a_wrong_question_is_400(query: dict[str, str], message: str) -> None:
    async with client(populated().hub) as asking:
        refused = await asking.get("/users", params=query)
        assert refused.json() == {"status": 400, "message": message}
        assert refused.status_code == 400


async def test_pages_of_fifty_lead_to_all_users() -> None:
    async with client(populated(120).hub) as asking:
        found: list[str] = []
        where: Any = "/users?include_stopped_servers=1"
        sizes = []
        while where:
            page = (await asking.get(where, headers=PAGES)).json()
            assert page["_pagination"]["total"] == 120
            sizes.append(len(page["items"]))
            found += [each["name"] for each in page["items"]]
            follows = page["_pagination"]["next"]
            where = follows and follows["url"]
            assert not where or "include_stopped_servers=1" in where
        assert sizes == [50, 50, 20]
        assert len(set(found)) == 120


@pytest.mark.parametrize(
    ("headers", "limit", "count"), [({}, None, 200), (PAGES, 1000, 200), (PAGES, 0, 1), ({}, 3, 3)]
)
async def test_a_page_has_at_most_two_hundred(
    headers: dict[str, str], limit: int | None, count: int
) -> None:
    made = stage()
    for number in range(230):
        made.hub.add_user(f"u{number}")
    async with client(made.hub) as asking:
        params: dict[str, int] = {} if limit is None else {"limit": limit}
        answer = (await asking.get("/users", headers=headers, params=params)).json()
        assert len(answer["items"] if headers else answer) == count


async def test_ready_is_filtered_after_the_page() -> None:
    made = populated()
    made.kubelet.ready = None
    made.hub.spawner.start(made.hub.users["u000"])
    async with client(made.hub) as asking:
        params = {"state": "ready", "limit": "1"}
        page = (await asking.get("/users", params=params, headers=PAGES)).json()
        assert page["items"] == []
        assert page["_pagination"]["total"] == 3
        assert page["_pagination"]["next"]["offset"] == 1


async def test_stopped_servers_are_shown_to_who_asks_for_them() -> None:
    made = populated()
    made.hub.spawner.stop(made.hub.users["u001"].servers[""])
    made.pass_by(10)
    async with client(made.hub) as asking:
        assert (await asking.get("/users/u001")).json()["servers"] == {}
        shown = (await asking.get("/users/u001?include_stopped_servers=1")).json()["servers"][""]
        assert (shown["stopped"], shown["ready"], shown["started"]) == (True, False, None)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/users/nobody", 404),
        ("POST", "/users/nobody/server", 404),
        ("DELETE", "/users/nobody/server", 404),
        ("DELETE", "/users/u001/servers/nowhere", 404),
        ("GET", "/users/nobody/server/progress", 404),
        ("GET", "/users/u004/servers/nowhere/progress", 404),
        ("GET", "/groups/nobody", 404),
        ("GET", "/nothing", 404),
        ("POST", "/users/u001/server", 400),
        ("DELETE", "/users/u000/server", 204),
        ("POST", "/users/u000/server", 202),
    ],
)
async def test_codes_of_what_is_asked_of_servers(method: str, path: str, code: int) -> None:
    async with client(populated().hub) as asking:
        answer = await asking.request(method, path)
        assert answer.status_code == code
        if code >= 400:
            assert answer.json()["status"] == code


async def test_the_default_server_cannot_be_removed_and_named_ones_may_be_off() -> None:
    made = populated()
    async with client(made.hub) as asking:
        answer = await asking.request("DELETE", "/users/u001/server", json={"remove": True})
        assert answer.json()["message"] == "Cannot delete the default server"
    plain = stage()
    plain.hub.add_user("ana")
    async with client(plain.hub) as asking:
        answer = await asking.post("/users/ana/servers/gpu")
        assert answer.status_code == 400
        assert answer.json()["message"] == "Named servers are not enabled."


@pytest.mark.parametrize("path", ["/users/zed%40example.org", "/users/zed@example.org"])
async def test_names_come_encoded_or_not(path: str) -> None:
    made = stage()
    made.hub.add_user("zed@example.org")
    async with client(made.hub) as asking:
        assert (await asking.get(path)).json()["name"] == "zed@example.org"


async def test_groups_and_services() -> None:
    made = populated()
    for name in ("data-101", "staff"):
        made.hub.add_group(name).users.append("u001")
    async with client(made.hub) as asking:
        page = (await asking.get("/groups?limit=1", headers=PAGES)).json()
        assert page["_pagination"]["next"]["offset"] == 1
        group = {"kind": "group", "name": "data-101", "users": ["u001"], "properties": {}}
        assert page["items"] == [group]
        assert (await asking.get("/groups/data-101")).json() == group
        services = (await asking.get("/services")).json()
        assert list(services) == ["hubtui", "jupyterhub-idle-culler"]
        assert set(services["hubtui"]) == {
            *("kind", "name", "admin", "url", "prefix", "command", "pid", "info", "display")
        }
        assert (await asking.get("/users/u001")).json()["groups"] == ["data-101", "staff"]


async def test_routes_are_told_by_their_spec_and_mended() -> None:
    made = populated()
    async with client(made.hub) as asking:
        routes = (await asking.get("/proxy")).json()
        assert list(routes) == ["/", "/user/u001/", "/user/u003/"]
        assert routes["/"]["data"]["hub"] is True
        data = routes["/user/u001/"]["data"]
        assert (data["user"], data["server_name"]) == ("u001", "")
        assert routes["/user/u001/"]["target"] == "http://10.1.0.9:8888"
        made.hub.routes.lost()
        made.hub.routes.table["/user/gone/"] = {"routespec": "/user/gone/", "data": {}}
        assert list((await asking.get("/proxy")).json()) == ["/user/gone/"]
        assert (await asking.post("/proxy")).status_code == 200
        page = (await asking.get("/proxy?limit=2", headers=PAGES)).json()
        assert list(page["items"]) == ["/", "/user/u001/"]
        assert page["_pagination"]["total"] == 3


async def test_users_are_added_and_deleted_by_who_may() -> None:
    made = stage(with_scopes(("admin:users",)))
    async with client(made.hub) as asking:
        added = await asking.post("/users", json={"usernames": ["Ana", "ben"]})
        assert (added.status_code, [each["name"] for each in added.json()]) == (201, ["ana", "ben"])
        again = await asking.post("/users", json={"usernames": ["ana", "ben"]})
        assert again.json() == {"status": 409, "message": "All 2 users already exist"}
        empty = await asking.post("/users", json={})
        assert empty.json()["message"] == "Must specify at least one user to create"
        assert (await asking.delete("/users/ana")).status_code == 204
        assert list(made.hub.users) == ["ben"]


async def test_activity_is_taken_but_not_from_the_future() -> None:
    made = populated(scopes=("users:activity", "read:users"))
    now = made.hub.now + timedelta(minutes=5)
    server = made.hub.users["u001"].servers[""]
    async with client(made.hub) as asking:
        body: dict[str, Any] = {"servers": {"": {"last_activity": now.isoformat()}}}
        assert (await asking.post("/users/u001/activity", json=body)).status_code == 200
        assert server.seen == now
        body = {"last_activity": (now + timedelta(hours=1)).isoformat()}
        refused = await asking.post("/users/u001/activity", json=body)
        assert refused.status_code == 400
        assert "from more than an hour in the future" in refused.json()["message"]


async def test_a_hub_that_is_down_answers_503_and_keeps_its_users() -> None:
    made = populated()
    stop_hub_pod(made.world)
    made.pass_by(1)
    async with client(made.hub) as asking:
        assert (await asking.get("/health")).status_code == 503
        start_hub_pod(made.world)
        made.pass_by(5)
        assert len((await asking.get("/users?state=ready")).json()) == 2


async def test_info_names_spawner_and_authenticator() -> None:
    async with client(populated(app="6.1.1").hub) as asking:
        info = (await asking.get("/info")).json()
        assert set(info) == {"version", "python", "sys_executable", "spawner", "authenticator"}
        assert info["spawner"] == {"class": "kubespawner.spawner.KubeSpawner", "version": "7.1.0"}


async def test_requests_are_in_the_hubs_log() -> None:
    made = populated()
    async with client(made.hub) as asking:
        await asking.get("/users?limit=1")
        await asking.get("/health")
        await asking.post("/shutdown")
    lines = [line for line in made.log().splitlines() if "(hubtui@" in line]
    assert [line.split("] ")[1].rpartition(" ")[0] for line in lines] == [
        "200 GET /hub/api/users?limit=1 (hubtui@127.0.0.1)",
        "403 POST /hub/api/shutdown (hubtui@127.0.0.1)",
    ]
    assert lines[1].startswith("[W 2026-11-20 08:00:")
