"""No secret of a sops file is anywhere but in the cluster, after a whole run of the program."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from hubtui.cli import run
from tests.bench.terminal import Terminal
from tests.cluster.aviary import Aviary, settled
from tests.cluster.canary import Canary, Sampler, Search
from tests.cluster.clusters import Cluster
from tests.testbed.faults import FaultProxy

Commands = Callable[[str], Awaitable[str]]

# An hour of an operator in a minute: once, where the apiserver's audit log is its own.
ON_REAL = pytest.mark.parametrize("cluster", ["real"], indirect=True)
PATIENCE = 60
ESCAPE, TAB, ENTER, SAVE = "\x1b", "\t", "\r", "\x13"
OPERATIONS, HALF_DOWN = "\x05", "\x04"
KINDS = (
    *("secrets", "configmaps", "events", "pods", "services"),
    *("apps/v1/deployments", "apps/v1/replicasets"),
)
FAULTS = {
    "values.schema.json": '{"properties": {"motto": {"pattern": "^[a-z]{1,3}$"}}}',
    "templates/fails.yaml": """
{{- $coded := b64enc .Values.motto }}
{{- fail (printf "not with %s, %q, %s or %s" .Values.motto .Values.motto $coded .Values.auth) }}
""",
    "templates/broken.yaml": "{{ .Values.motto }}: {{ .Values.auth.client_secret }}\n  - : [\n",
    "templates/wrong.yaml": "{{ include .Values.motto . }}\n",
}
"""What makes helm refuse to render, with the secret in its words."""

REFUSED = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: refused
  labels: {sings: {{ .Values.motto | toJson }}}
"""


@pytest.fixture
async def recorder(cluster: Cluster) -> AsyncIterator[FaultProxy]:
    """Between hubtui and the cluster: keeps what is sent."""
    async with FaultProxy(cluster.server, ca_file=cluster.ca_file, keeps_bodies=True) as proxy:
        yield proxy


@pytest.fixture
def aviary(cluster: Cluster, recorder: FaultProxy, tmp_path: Path) -> Iterator[Aviary]:
    with settled(cluster, recorder.kubeconfig_from(cluster.kubeconfig), tmp_path) as found:
        yield found


@pytest.fixture
def old() -> tuple[Canary, Canary]:
    """The secrets of the running revision."""
    return Canary(), Canary()


@pytest.fixture
def new() -> tuple[Canary, Canary]:
    """The secrets that replace them."""
    return Canary(), Canary()


@pytest.fixture
def search(old: tuple[Canary, Canary], new: tuple[Canary, Canary]) -> Search:
    return Search((*old, *new))


@pytest.fixture
def hubtui(
    aviary: Aviary, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Commands:
    """What a command that only reads says in the deployment's folder. It runs in this process, by
    the way in that the console script has."""
    for name, value in aviary.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(aviary.places.repository)

    async def call(words: str) -> str:
        await asyncio.to_thread(run, [*words.split(), *aviary.flags])
        return "\n".join(capsys.readouterr())

    return call


@pytest.fixture
def sampler(aviary: Aviary, search: Search) -> Iterator[Sampler]:
    """Looks at all that hubtui starts and writes while it is at work."""
    home = aviary.places.home
    with Sampler(search, f"HOME={home}", home, Path("/dev/shm")) as found:
        yield found


async def keys(screen: Terminal, typed: str, shows: str = "") -> None:
    """Types, and waits until the answer is painted and nothing more comes."""
    at = screen.send(typed)
    if shows:
        await screen.seen_text(shows, PATIENCE, since=at)
    await screen.quiet(0.3, 10)


async def until(screen: Terminal, key: str, shows: str) -> None:
    """Presses a key again while something is not there: where the focus was is not on the
    screen."""
    for _ in range(10):
        await keys(screen, key)
        if re.search(shows, screen.view.text):
            return
    raise AssertionError(f"no {shows} on\n{screen.view.text}")


async def from_folder(screen: Terminal, aviary: Aviary) -> None:
    """`u`, the folder that one is in, its values alone: the plan."""
    await keys(screen, "u", r"revision \d+")
    await until(screen, ENTER, rf"Folder +{aviary.places.repository}")
    await until(screen, ENTER, r"● reset ")
    await until(screen, ENTER, r"What changes")
    await screen.seen_text(rf"Type {aviary.release}", PATIENCE)
    await screen.quiet(0.3, 10)


async def read_diff(screen: Terminal) -> None:
    """All of a diff: unfolded, some of its lines in full, copied."""
    await keys(screen, "og")
    for _ in range(4):
        await keys(screen, "n")
        await keys(screen, ENTER)
        if "In full" in screen.view.text:
            await keys(screen, "c")
            await keys(screen, ESCAPE)
    await keys(screen, "G")
    await keys(screen, "c")


async def upgrade(screen: Terminal, aviary: Aviary) -> None:
    """The plan with each of its parts, the edited values, and the upgrade to its verified end."""
    await screen.seen_text("superseded", PATIENCE)
    await from_folder(screen, aviary)
    for _ in range(2):
        await keys(screen, TAB)
    await read_diff(screen)
    for _ in range(3):
        await keys(screen, TAB)
    await keys(screen, f"{aviary.release}{ENTER}", "Revision 3 is deployed with chart")
    await keys(screen, ESCAPE, "superseded")


async def edit(screen: Terminal) -> None:
    """The running values in the editor, and the plan of what was edited."""
    await keys(screen, "u", r"revision \d+")
    await keys(screen, "G")
    await keys(screen, ENTER, r"edited +mark")
    await until(screen, ENTER, r"● reset-then-reuse")
    await until(screen, ENTER, r"What changes")
    await screen.seen_text("Type aviary", PATIENCE)
    await keys(screen, f"{ESCAPE}", "What is used")
    await keys(screen, f"{ESCAPE}", "superseded")


async def look_around(screen: Terminal) -> None:
    """What shows values, objects and what was done, from the history on."""
    await keys(screen, "1g")
    await keys(screen, "d", r"3 → live")
    await read_diff(screen)
    await keys(screen, ESCAPE, "superseded")
    await keys(screen, "j")
    await keys(screen, "d", r"2 → 3")
    await read_diff(screen)
    await keys(screen, SAVE, r"diff-2-3\.txt")
    await keys(screen, ENTER, "Saved as")
    await keys(screen, ESCAPE, "superseded")
    await keys(screen, ENTER, "motto")
    await keys(screen, "Gc")
    await keys(screen, ESCAPE, "superseded")
    await keys(screen, "2")
    await keys(screen, "/", "/ ")
    await keys(screen, "singer\r", "└ singer")
    await keys(screen, "G")
    await keys(screen, "y", "sings:")
    for _ in range(4):
        await keys(screen, HALF_DOWN)
    await keys(screen, "c")
    await keys(screen, ESCAPE, "superseded")
    for key in ("e", "w", ENTER, "!", OPERATIONS):
        await keys(screen, key)
        await keys(screen, "Gc")
        await keys(screen, ESCAPE)
    await keys(screen, OPERATIONS)
    await keys(screen, ENTER)
    await keys(screen, ESCAPE)


READS = (
    *("upgrade", "history", "diff 2 3 --unfold", "diff --live", "values", "rollback 2"),
    *("upgrade --json", "history --json", "diff 2 3 --json", "diff 3 --live --json"),
    *("values 2 --json", "values --computed --json", "rollback 2 --json", "recover --json"),
    *("journal --json", "problems --json", "events --json", "status --json", "why singer --json"),
)
"""Everything that a command could tell a secret by; none of them writes."""


async def commands(hubtui: Commands) -> dict[str, str]:
    """What commands say, by their words."""
    return {words: await hubtui(words) for words in READS}


def sent(recorder: FaultProxy, search: Search) -> set[str]:
    """The objects in whose bodies a secret was sent; a new one is named by its kind."""
    for seen in recorder.requests:
        assert not search.seen_in(f"{seen.path} {dict(seen.query)}")
    holding = [seen.path for seen in recorder.requests if search.seen(seen.body)]
    objects = {path.partition("/namespaces/")[2].partition("/")[2] for path in holding}
    return {"secrets" if "/sh.helm.release" in name else name for name in objects}


def held(aviary: Aviary, search: Search) -> dict[str, set[str]]:
    """The objects of the namespace that hold secrets; what a workload made has its name."""
    found: dict[str, set[str]] = {}
    for item in aviary.objects(*KINDS):
        if seen := search.seen_in(json.dumps(item)):
            labels = item["metadata"].get("labels", {})
            found.setdefault(labels.get("app", item["metadata"]["name"]), set()).update(seen)
    return found


def told_to_the_server(cluster: Cluster, search: Search) -> set[str]:
    """What the audit log holds of secrets. The server's own words, which repeat what it refuses of
    an object, are not the client's."""
    users = ("admin", "readonly-admin")
    entries = [entry for user in users for entry in cluster.audit_entries(user)]
    assert entries
    said = [{k: v for k, v in entry.items() if k != "responseStatus"} for entry in entries]
    return search.seen_in(json.dumps(said, ensure_ascii=False))


def parts(*canaries: Canary) -> set[str]:
    return {part for each in canaries for part in (each.first, each.second)}


@ON_REAL
async def test_after_a_whole_run_a_secret_is_in_the_cluster_and_nowhere_else(
    aviary: Aviary,
    hubtui: Commands,
    recorder: FaultProxy,
    sampler: Sampler,
    search: Search,
    old: tuple[Canary, Canary],
    new: tuple[Canary, Canary],
) -> None:
    aviary.hide(*old, "two")
    done = await aviary.run("upgrade", "--json", "--confirm", aviary.release)
    assert '"result": "ok"' in done, done
    aviary.hide(*new, "three")
    terminal, view = aviary.terminal()
    with terminal as screen:
        await upgrade(screen, aviary)
        await edit(screen)
        await look_around(screen)
        screen.send("q")
        assert await screen.gone(30) == 0
    said = {**await commands(hubtui), "upgrade --confirm": done}

    assert {words for words, answer in said.items() if search.seen_in(answer)} == set()
    assert not [words for words, answer in said.items() if "Traceback" in answer]
    assert {row for row in view.dumps if search.seen_in(row)} == set()
    assert any("CODED" in row for row in view.dumps)
    assert b"\x1b]52;" in view.written
    assert search.seen(view.written) == set()
    assert "--decrypt" in aviary.places.noted("sops")
    assert "--values" in aviary.places.noted("helm")
    assert "mark: three" in aviary.places.noted("editor")
    assert list(aviary.places.repository.glob("diff-2-3*"))
    assert search.below(aviary.places.root) == {}
    assert any("hubtui-" in name for name in sampler.seen)
    assert sampler.found == {}
    assert told_to_the_server(aviary.cluster, search) == set()
    assert sent(recorder, search) == {
        *("secrets", "secrets/kept", "configmaps/spilt", "deployments/singer"),
    }
    everywhere = held(aviary, search)
    assert everywhere.pop("kept") == parts(*new)  # the search would find them
    revisions = {f"sh.helm.release.v1.{aviary.release}.v{number}" for number in (2, 3)}
    assert everywhere.keys() == {"spilt", "singer", *revisions}


@ON_REAL
async def test_a_run_that_fails_says_why_without_the_secret(
    aviary: Aviary,
    hubtui: Commands,
    sampler: Sampler,
    search: Search,
    new: tuple[Canary, Canary],
) -> None:
    aviary.hide(*new, "two")
    said: dict[str, str] = {}
    for name, text in FAULTS.items():
        path = aviary.chart / name
        path.write_text(text)
        said[name] = await hubtui("upgrade --json")
        said[f"{name} as text"] = await hubtui("upgrade")
        path.unlink()
    aviary.template("refused.yaml", REFUSED)
    said["refused in a dry run"] = await hubtui("upgrade --json")
    said["refused"] = await aviary.run(
        *("upgrade", "--json", "--confirm", aviary.release, "--override", "dry-run")
    )
    terminal, view = aviary.terminal()
    with terminal as screen:
        await screen.seen_text("failed", PATIENCE)
        await from_folder(screen, aviary)
        await keys(screen, TAB * 3)
        await keys(screen, ESCAPE, "What is used")
        await keys(screen, ESCAPE, "failed")
        for key in ("d", ENTER, "!", OPERATIONS):
            await keys(screen, key)
            await keys(screen, "Gc")
            await keys(screen, ESCAPE)
    said |= await commands(hubtui)

    assert "motto: does not match the pattern" in said["values.schema.json"]
    assert "no template" in said["templates/wrong.yaml"]
    assert "refused" in str(check(said["refused in a dry run"], "dry run"))
    assert '"result": "failed"' in said["refused"], said["refused"]
    assert {words for words, answer in said.items() if search.seen_in(answer)} == set()
    assert {row for row in view.dumps if search.seen_in(row)} == set()
    assert search.seen(view.written) == set()
    assert search.below(aviary.places.root) == {}
    assert told_to_the_server(aviary.cluster, search) == set()
    assert {where for where in sampler.found if not where.endswith(".stderr")} == set()
    assert f"sh.helm.release.v1.{aviary.release}.v2" in held(aviary, search)


def check(plan: str, name: str) -> dict[str, object]:
    """One check of a plan."""
    checks: list[dict[str, object]] = json.loads(plan)["checks"]
    return next(each for each in checks if each["name"] == name)


HUB_READS = (
    *("users --all --json", "orphans --json", "problems --json", "doctor --json", "config --json"),
    *("stop alice --json", "users", "doctor"),
)
"""What asks the hub, or tells how it is asked."""


async def test_the_hubs_token_is_nowhere_but_in_its_secret(
    cluster: Cluster,
    recorder: FaultProxy,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own, wrong = cluster.hub_token, Canary(odd="-").value
    halves = (own[: len(own) // 2], own[len(own) // 2 :])
    search = Search((Canary(*halves), Canary(*wrong.split("-"))))
    flags = ["--kubeconfig", str(recorder.kubeconfig_from(cluster.kubeconfig)), "-n", "hub"]
    said: dict[str, str] = {}
    for named in ("", wrong):
        monkeypatch.setenv("HUBTUI_HUB_TOKEN", named)
        for words in HUB_READS:
            await asyncio.to_thread(run, [*words.split(), *flags])
            said[f"{words} {named and 'with a wrong token'}"] = "\n".join(capsys.readouterr())
    assert search.seen_in(f"{own} {wrong}") == {*halves, *wrong.split("-")}
    assert "that of the service hubtui, from Secret hub" in said["doctor "]
    assert "does not know this token" in said["doctor with a wrong token"]
    assert {words for words, answer in said.items() if search.seen_in(answer)} == set()
    assert files(state) >= {"hubtui.log"}
    assert search.below(state) == {}
    assert sent(recorder, search) == set()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}
