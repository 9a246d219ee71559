"""The storage pane: what fills up, each disk once, and what is not known."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest

from hubtui.errors import DeniedError
from hubtui.model import kube
from hubtui.model.claims import ClaimKind
from hubtui.model.disk import Figures, Source
from hubtui.model.homes import Home
from hubtui.model.podstate import Severity
from hubtui.model.trend import Confidence, Trend
from hubtui.services.homes import Homes
from hubtui.services.nfs_servers import NfsServer
from hubtui.services.store import Subscription
from hubtui.services.trends import Trends
from hubtui.views.cells import Tone, plain
from hubtui.views.storage import StorageView
from hubtui.views.storage_cells import full_in_cell, left, per_day, percent
from hubtui.views.storage_groups import Part
from hubtui.views.storage_lines import COLUMNS, Widths
from hubtui.views.table import fit
from tests.storage_desk import GIB, START, Desk, claim, nfs, pod, storage_class, volume

TITLES = [column.id for column in COLUMNS]
MANY = ("ReadWriteMany",)
HUB_LABELS = {"component": "hub", "app": "jupyterhub", "release": "hub"}
DAY = timedelta(days=1)
DISK = "disk:nfs:10.0.0.4:/export/home"


class Told:
    """Trends that say what a test tells them, of claims and of disks."""

    def __init__(self) -> None:
        self.known: dict[str, Trend] = {}
        self.seen = Subscription()

    def subscribe(self) -> Subscription:
        return self.seen

    def of(self, claim: str) -> Trend | None:
        return self.known.get(claim)

    of_disk = of

    def tell(self, name: str, gib_a_day: float, days: float, sure: Confidence) -> None:
        full_at = START + DAY * days if days else None
        self.known[name] = Trend(gib_a_day * GIB, full_at, sure, 7 * DAY, "")
        self.seen.keys.add(name)


class Growing:
    """Homes that say what a test tells them."""

    def __init__(self) -> None:
        self.known: dict[str, Home] = {}

    def of(self, directory: str) -> Home | None:
        return self.known.get(directory)

    def growers(self, most: int) -> list[Home]:
        return list(self.known.values())[:most]


class Seen:
    """A desk, and what the pane shows of it."""

    def __init__(self) -> None:
        self.desk, self.trends, self.homes = Desk(), Told(), Growing()
        self.view = StorageView(
            self.desk.storage,
            self.desk.disks,
            cast(Trends, self.trends),
            cast(Homes, self.homes),
            self.desk.pods,
        )

    async def put(self, *things: kube.Object) -> Seen:
        """Objects are there, and the figures were read."""
        self.desk.put(*things)
        for store in (self.desk.storage.claims, self.desk.storage.volumes, self.desk.pods):
            store.live()
        await self.desk.read()
        self.view.drain()
        return self

    @property
    def keys(self) -> list[str]:
        self.view.drain()
        return list(self.view.keys())

    def cell(self, key: str, column: str) -> str:
        return plain(self.view.cells(key, START)[TITLES.index(column)]).strip()

    def tones(self, key: str, column: str) -> set[Tone]:
        return {tone for _, tone in self.view.cells(key, START)[TITLES.index(column)]}

    @property
    def headline(self) -> str:
        return plain(self.view.headline_cell(START))


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("storage", "storage_around"):
        monkeypatch.setattr(f"hubtui.views.{module}.utc_now", lambda: START)


def hub_db() -> tuple[Any, ...]:
    database = claim("hub-db-dir", size="1Gi", labels=HUB_LABELS)
    return database, volume("pv-hub-db-dir"), pod("hub-1", "hub-db-dir", labels=HUB_LABELS)


def shared(name: str = "home-nfs", server: str = "10.0.0.4") -> tuple[Any, ...]:
    return claim(name, modes=MANY, size="2Ti"), volume(f"pv-{name}", nfs(server))


def of_user(user: str, **more: Any) -> tuple[Any, ...]:
    return claim(f"claim-{user}", user, **more), volume(f"pv-claim-{user}")


async def filling() -> Seen:
    """A shared disk that is nearly full, a database that is not, and two users' claims."""
    seen = Seen()
    tell = seen.desk.prometheus.tell
    tell("home-nfs", 1820 * GIB, 2000 * GIB)
    tell("hub-db-dir", 0.12 * GIB, GIB)
    tell("claim-ana", 4 * GIB, 10 * GIB)
    await seen.put(
        *shared(),
        *hub_db(),
        *of_user("ana"),
        *of_user("bo"),
        storage_class(),
        pod("jupyter-ana", "claim-ana", "home-nfs"),
        pod("jupyter-eve", "home-nfs", on="node-2"),
    )
    seen.trends.tell(DISK.removeprefix("disk:"), 41, 3, Confidence.HIGH)
    seen.view.drain()
    return seen


async def test_the_first_line_says_what_fills_up_and_when() -> None:
    seen = await filling()
    assert seen.headline == "✗ fullest home-nfs 91% · full in 3 d · hub-db 12%"
    assert plain(seen.view.strip_words(START)) == "✗91%"
    assert seen.view.freshness(START).words == "Prometheus 0 s"
    assert seen.view.freshness(START + timedelta(seconds=37)).words == "Prometheus 30 s"


async def test_what_fills_up_comes_first_and_healthy_groups_are_a_line() -> None:
    seen = await filling()
    assert seen.keys == [DISK, "claim:hub-db-dir", "group:USER"]
    seen.view.toggle("group:USER")
    assert seen.keys[2:] == ["group:USER", "claim:claim-ana", "claim:claim-bo"]
    found = {title: seen.cell("claim:claim-ana", title) for title in TITLES}
    assert found.pop("full").endswith(" 40%")
    assert found == {
        "name": "└ ana", "phase": "Bound", "class": "standard", "size": "10G", "used": "4G",
        "free": "6G", "inodes": "", "trend": "", "full_in": "", "mounted": "jupyter-ana",
        "age": "22 d", "last_used": "now",
    }  # fmt: skip


async def test_a_shared_disk_is_counted_once_with_all_who_mount_it() -> None:
    seen = await filling()
    found = [seen.cell(DISK, title) for title in ("size", "used", "free", "trend", "full_in")]
    assert found == ["2T", "1.8T", "180G", "+41G/d", "3 d"]
    assert seen.cell(DISK, "mounted") == "2 pods"
    seen.view.resize(156)
    assert seen.tones(DISK, "full") == {Tone.NOW, Tone.MUTED}
    assert seen.cell(DISK, "name").startswith("✗ home-nfs")


async def test_who_makes_a_disk_grow_stands_below_it_while_it_fills_up() -> None:
    seen = await filling()
    seen.homes.known["dmitri"] = Home(
        "dmitri", "dmitri@uni.example", 120 * GIB, 9, START - DAY, 200 * GIB, 41.0 * GIB,
        Source.DIRSIZE, START,
    )  # fmt: skip
    seen.view.set_sort("full", reverse=False)
    assert seen.keys[:2] == [DISK, "home:dmitri"]
    found = [seen.cell("home:dmitri", title) for title in ("name", "size", "used", "trend")]
    assert found == ["└ dmitri@uni.example", "200G", "120G", "+41G/d"]
    assert seen.view.disk("home:dmitri") is not None


async def test_claims_on_a_shared_disk_tell_which_one_and_add_nothing_up() -> None:
    seen = Seen()
    seen.desk.prometheus.tell("home-nfs", 10 * GIB, 20 * GIB)
    users = [claim(f"claim-{name}", name, volume=f"pv-{name}") for name in ("ana", "bo")]
    behind = [volume(f"pv-{name}", nfs("10.0.0.4")) for name in ("ana", "bo")]
    await seen.put(*shared(), *users, *behind, pod("jupyter-ana", "home-nfs"))
    assert seen.keys == [DISK, "group:USER"]
    assert seen.cell("group:USER", "full") == "on home-nfs"
    assert seen.cell("group:USER", "size") == "20G"
    assert seen.cell("group:USER", "used") == ""
    seen.view.toggle("group:USER")
    assert seen.cell("claim:claim-bo", "full") == "on home-nfs"


async def test_the_sums_of_a_group_are_lower_bounds_where_some_are_not_measured() -> None:
    seen = await filling()
    found = [seen.cell("group:USER", title) for title in ("name", "size", "used", "free")]
    assert found == ["● user claims ×2", "20G", "≥4G", "≥6G"]
    bo = [seen.cell("claim:claim-bo", title) for title in ("size", "used", "free", "full")]
    assert bo == ["10G", "?", "?", "?"]


async def test_a_claim_that_changes_costs_itself_and_sums_stay_right() -> None:
    seen = await filling()
    seen.view.toggle("group:USER")
    seen.view.drain()
    seen.desk.put(claim("claim-bo", "bo", size="30Gi"))
    dirty = seen.view.drain()
    assert {key for key in dirty.keys if key.startswith("claim:")} == {"claim:claim-bo"}
    assert seen.cell("group:USER", "size") == "40G"
    seen.desk.storage.claims.remove("hub/claim-bo")
    assert seen.keys == [DISK, "claim:hub-db-dir", "claim:claim-ana"]


async def test_a_folded_group_shows_what_asks_for_attention_up_to_a_number() -> None:
    seen = Seen()
    users = [of_user(f"user-{n}", phase="Lost") for n in range(23)]
    await seen.put(*(each for pair in users for each in pair))
    assert len(seen.keys) == 22
    assert seen.keys[:2] == ["group:USER", "claim:claim-user-0"]
    assert plain(seen.view.cells(seen.keys[-1], START)[0]) == "└ 3 more; enter shows all"
    assert seen.cell("claim:claim-user-0", "name") == "✗ user-0"
    seen.view.toggle(seen.keys[-1])
    assert len(seen.keys) == 24


@pytest.mark.parametrize(
    ("phase", "mounted", "words", "tone"),
    [
        ("Pending", False, "◌ Pending", Tone.WAITING),
        ("Pending", True, "▲ Pending", Tone.SOON),
        ("Lost", False, "✗ Lost", Tone.NOW),
    ],
)
async def test_a_claim_that_is_not_bound_says_so_where_its_bar_would_be(
    phase: str, mounted: bool, words: str, tone: Tone
) -> None:
    seen = Seen()
    mounts = [pod("jupyter-ana", "claim-ana")] if mounted else []
    await seen.put(claim("claim-ana", "ana", phase=phase), *mounts)
    seen.view.resize(76)
    assert (seen.cell("claim:claim-ana", "full"), seen.cell("claim:claim-ana", "size")) == (
        words,
        "10G",
    )
    assert seen.tones("claim:claim-ana", "full") >= {tone}
    seen.view.resize(200)
    assert seen.cell("claim:claim-ana", "phase") == words
    assert seen.cell("claim:claim-ana", "full") == "?"


async def test_what_all_suffer_from_comes_before_the_full_claim_of_a_user() -> None:
    seen = Seen()
    seen.desk.prometheus.tell("home-nfs", 10 * GIB, 20 * GIB)
    seen.desk.prometheus.tell("claim-ana", 9.5 * GIB, 10 * GIB)
    await seen.put(*shared(), *of_user("ana"), *of_user("bo"), pod("a", "claim-ana", "home-nfs"))
    assert seen.headline == "fullest home-nfs 50% · ✗ 1 user"
    assert seen.keys == [DISK, "group:USER", "claim:claim-ana"]
    assert seen.cell("claim:claim-ana", "name") == "✗ ana"
    assert plain(seen.view.strip_words(START)) == "50%"


async def test_a_disk_and_the_claim_that_its_server_keeps_it_on_are_one_thing() -> None:
    seen = Seen()
    for name in ("home", "home-nfs"):
        seen.desk.prometheus.tell(name, 10 * GIB, 20 * GIB)
    server = pod("home-nfs-1", "home-nfs", labels={"app": "nfs-server"})
    await seen.put(
        *shared("home"), claim("home-nfs"), volume("pv-home-nfs"), server, pod("a", "home")
    )
    disk = DISK.removeprefix("disk:")
    assert len([key for key in seen.keys if key.startswith("claim:")]) == 1
    behind = NfsServer(
        "NFS server", "10.0.0.4", False, (disk,), ("home",), server, "", None, None, ""
    )
    seen.view.serve([behind])
    assert seen.keys == [DISK, "claim:home-nfs"]
    line = [seen.cell("claim:home-nfs", title) for title in ("name", "used", "full")]
    assert line == ["└ home-nfs", "", "serves it"]
    assert len(list(seen.view.fills)) == 1


async def test_figures_that_cannot_be_are_marked_and_fill_nothing() -> None:
    seen = Seen()
    seen.desk.prometheus.tell("home-nfs", 5 * GIB, 8 * 2**60)
    await seen.put(*shared(), pod("jupyter-ana", "home-nfs"))
    assert seen.cell(DISK, "full") == "? doubtful"
    assert [seen.cell(DISK, title) for title in ("size", "used", "free")] == ["?", "?", "?"]
    assert seen.headline == "1 claim"


@pytest.mark.parametrize(
    ("days", "sure", "words", "tone"),
    [
        (0.5, Confidence.HIGH, "12 h", Tone.NOW),
        (3.2, Confidence.FAIR, "3 d 4 h", Tone.SOON),
        (3.2, Confidence.LOW, "~3 d 4 h", Tone.PLAIN),
        (31, Confidence.HIGH, "31 d", Tone.PLAIN),
        (200, Confidence.HIGH, "> 90 d", Tone.MUTED),
    ],
)
async def test_the_time_until_a_disk_is_full_counts_where_it_is_believed(
    days: float, sure: Confidence, words: str, tone: Tone
) -> None:
    seen = Seen()
    seen.desk.prometheus.tell("claim-ana", 4 * GIB, 10 * GIB)
    await seen.put(*of_user("ana"), pod("jupyter-ana", "claim-ana"))
    seen.trends.tell("claim-ana", 1, days, sure)
    seen.view.drain()
    assert seen.cell("claim:claim-ana", "full_in") == words
    assert seen.tones("claim:claim-ana", "full_in") == {tone}


async def test_a_disk_that_shrinks_is_never_full() -> None:
    seen = Seen()
    seen.desk.prometheus.tell("claim-ana", 4 * GIB, 10 * GIB)
    await seen.put(*of_user("ana"), pod("jupyter-ana", "claim-ana"))
    seen.trends.tell("claim-ana", -2, 0, Confidence.HIGH)
    found = [seen.cell("claim:claim-ana", title) for title in ("trend", "full_in")]
    assert found == ["-2G/d", "never"]


@pytest.mark.parametrize(
    ("available", "sure", "words"),
    [
        (6 * GIB, Confidence.HIGH, "> 90 d"),
        (6 * GIB, Confidence.NONE, "?"),
        (None, Confidence.HIGH, "?"),
    ],
)
def test_when_a_disk_is_full_is_not_known_where_its_growth_or_its_room_is_not(
    available: int | None, sure: Confidence, words: str
) -> None:
    figures = Figures(Source.PROMETHEUS, START, 10 * GIB, 4 * GIB, available)
    trend = Trend(0.01 * GIB, None, sure, 7 * DAY, "")
    assert plain(full_in_cell(trend, figures, START)) == words


@pytest.mark.parametrize(("used", "free", "share"), [(4, 6, 0.4), (None, 6, None), (4, None, None)])
def test_a_part_of_which_half_is_told_is_neither_empty_nor_full(
    used: int | None, free: int | None, share: float | None
) -> None:
    assert Part(Severity.FINE, 10, used, free).share == share


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("user:ana", ["claim-ana"]),
        ("claim:hub", ["hub-db-dir"]),
        ("phase:bound -user:a", ["claim-bo", "hub-db-dir"]),
        ("class:standard claim-bo", ["claim-bo"]),
        ("node:node-2", []),
        ("disk:nfs", []),
        ("nothing", []),
    ],
)
async def test_a_filter_looks_at_claims_users_and_nodes(text: str, found: list[str]) -> None:
    seen = await filling()
    seen.view.set_filter(text)
    claims = [key[6:] for key in seen.keys if key.startswith("claim:")]
    assert sorted(claims) == found
    assert (DISK in seen.keys) == (text in ("phase:bound -user:a", "node:node-2", "disk:nfs"))
    assert seen.headline.endswith(f" · {text}")
    assert seen.keys or seen.view.empty() == "No claim matches nothing."


@pytest.mark.parametrize(
    ("sort", "first"), [("full", "ana"), ("name", "ana"), ("size", "bo"), ("used", "ana")]
)
async def test_claims_are_sorted_within_their_group(sort: str, first: str) -> None:
    seen = await filling()
    seen.desk.put(claim("claim-bo", "bo", size="30Gi"))
    seen.view.toggle("group:USER")
    seen.view.set_sort(sort, reverse=False)
    assert seen.keys[3] == f"claim:claim-{first}"
    seen.view.set_sort(sort, reverse=True)
    assert len(seen.keys) == 5


async def test_without_figures_the_border_says_why_and_the_claims_are_there() -> None:
    seen = await Seen().put(*of_user("ana"), *hub_db())
    assert seen.headline == "2 claims"
    fresh = seen.view.freshness(START)
    assert fresh.words.startswith("No Prometheus found; ")
    assert (fresh.stale, plain(seen.view.note())) == (False, "")
    assert plain(seen.view.strip_words(START)) == "?"


async def test_what_may_not_be_read_is_told() -> None:
    seen = await filling()
    denied = DeniedError("no right to list persistentvolumes", status=403)
    seen.desk.storage.volumes.failed(denied, 30)
    assert "volumes: no right to list persistentvolumes" in plain(seen.view.note())
    empty = Seen()
    empty.desk.storage.claims.failed(DeniedError("no right to list claims", status=403), 30)
    empty.view.drain()
    assert "no right to list claims" in empty.view.empty()
    assert empty.view.freshness(START).stale


async def test_a_server_that_pods_mount_without_a_claim_is_a_disk_too() -> None:
    seen = await Seen().put(pod("jupyter-ana", export="/export/home"))
    direct = "disk:nfs:10.0.0.2:/export/home"
    assert seen.keys == [direct]
    assert "/export/home" in seen.cell(direct, "name")
    assert seen.cell(direct, "mounted") == "jupyter-ana"
    assert seen.cell(direct, "used") == "?"


@pytest.mark.parametrize(
    ("width", "least"),
    [
        (36, ["name", "full", "full_in"]),
        (76, ["name", "size", "used", "free", "full", "inodes", "trend", "full_in"]),
        (96, ["name", "size", "used", "free", "full", "inodes", "trend", "full_in", "mounted"]),
        (156, TITLES),
    ],
)
def test_the_needed_columns_have_room_in_their_told_order(width: int, least: list[str]) -> None:
    widths = Widths()
    widths.fit(width)
    shown = fit(widths.columns, width)
    assert [TITLES[index] for index, _ in shown] == least
    assert sum(size + 1 for _, size in shown) - 1 == width


@pytest.mark.parametrize("user", ["ana\x1b[31m", "a\u202eb\nc", "名前" * 40])
async def test_no_name_breaks_a_line(user: str) -> None:
    seen = Seen()
    made = msgspec.structs.replace(claim("claim-x", "x"), metadata=claim("claim-x", user).metadata)
    await seen.put(made)
    text = seen.cell("claim:claim-x", "name")
    assert not any(unicodedata.category(each) in ("Cc", "Cf") for each in text)


def test_numbers_in_words() -> None:
    assert [percent(each) for each in (0, 0.905, 0.9999, 1)] == ["0%", "90%", "99%", "100%"]
    assert [per_day(each * GIB) for each in (41.0, -2.0, 0.0001)] == ["+41G/d", "-2G/d", "steady"]
    assert [left(each) for each in (0, 5000, 187_300, 86400 * 31.5)] == [
        "0 s",
        "1 h",
        "2 d 4 h",
        "31 d",
    ]


async def test_a_database_on_a_disk_of_its_own_keeps_its_kind() -> None:
    seen = await filling()
    row = seen.view.claim("claim:hub-db-dir")
    assert row is not None
    assert row.kind is ClaimKind.HUB_DB
    assert [each.name for each in seen.view.claims()] == [
        "home-nfs",
        "hub-db-dir",
        "claim-ana",
        "claim-bo",
    ]
