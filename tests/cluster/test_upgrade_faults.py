"""An upgrade that goes wrong: a hook fails, helm or hubtui is killed. Its secrets in all that."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from hubtui import logs
from hubtui.clients.detached import runs, start_ticks
from hubtui.model.deployment import ValueFile
from hubtui.model.plan import Level, Phase, Result
from hubtui.services.journal import Entry, Journal
from tests.cluster.clusters import Cluster
from tests.cluster.demo_cluster import SPEED
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.cluster.stuck import add_hook
from tests.cluster.test_hook_evidence import DEADLINE, HOOK
from tests.cluster.upgrading import check, folder, planned, until, upgraded, values
from tests.sops_keys import AgeKey, encrypted
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.places import ROOT

pytestmark = pytest.mark.usefixtures("state")

CANARY = "kanarienvogel-7f3a"
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData:
  key: {{ .Values.hidden | default "none" | quote }}
"""


@pytest.fixture
def hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of values that the real sops has encrypted, and the key to it."""
    key = AgeKey.generate()
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key.written(tmp_path / "key.txt")))
    return encrypted(tmp_path / "secrets" / "prod.yaml", {"hidden": CANARY}, key)


def helm_of(state: Path) -> int:
    """The pid of the helm that the one operation of the journal started; it runs."""
    process = left(state).process
    assert process is not None
    assert runs(process.pid, process.started)
    return process.pid


def left(state: Path) -> Entry:
    """The one operation of the journal."""
    (entry,) = Journal(state).read().entries
    return entry


def seen_by_others(pid: int) -> str:
    """What everybody on the machine can see of a process, and what its owner can."""
    found = [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    return b"\n".join(found).decode(errors="replace")


def everything_below(folder: Path) -> str:
    """All files of a folder as text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_bytes().decode(errors="replace") for path in files)


# Hooks


async def test_a_hook_that_fails_is_told_with_what_was_seen_of_it(
    small: SmallRelease, cluster: Cluster
) -> None:
    # The demo's time runs SPEED times as fast.
    seconds = round(DEADLINE * SPEED) if cluster.name == "demo" else DEADLINE
    hook = HOOK.replace("DEADLINE", str(seconds))
    (small.chart / "templates" / "hook.yaml").write_text(hook)
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        assert check(plan, "rights").evidence == "3 of 3 objects may be written"
        operation = await session.operations.start(plan, NAME)
        await until(operation, Phase.HOOKS)
        assert operation.progress.note == "helm waits for the pre-upgrade hook Job/migrate"
        outcome = await operation.wait()
    assert outcome.result is Result.FAILED
    assert outcome.summary.startswith("The pre-upgrade hook Job/migrate failed (job Fail")
    assert "nothing was applied; revision 3 is deployed" in outcome.summary
    assert [(each.kind, each.name) for each in outcome.failed] == [("Job", "migrate")]
    assert any(note.startswith("Job/migrate: pod migrate-") for note in outcome.notes)
    assert any("delete policy hook-failed" in note for note in outcome.notes)
    assert outcome.next_steps[-1] == "Mend the cause, then upgrade again."
    assert small.statuses()[4] == "failed"
    assert small.mark() == "three"


async def test_helm_is_killed_in_a_hook(small: SmallRelease, state: Path) -> None:
    add_hook(small)
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        operation = await session.operations.start(plan, NAME)
        await until(operation, Phase.HOOKS)
        os.kill(helm_of(state), signal.SIGKILL)
        outcome = await operation.wait()
        again = await planned(session, "mark=four", chart=folder(small))
    assert outcome.result is Result.INTERRUPTED
    assert outcome.summary.startswith(
        "Helm was killed (SIGKILL) in the hook Job/migrate: revision 4 is pending-upgrade, "
        "nothing was applied yet; revision 3 is deployed"
    )
    assert outcome.next_steps[0].startswith("Recover the release (R, hubtui recover)")
    assert check(again, "nothing is running").level is Level.STOP
    assert small.statuses()[4] == "pending-upgrade"
    assert small.mark() == "three"


async def test_a_hook_that_does_not_end_in_time(small: SmallRelease) -> None:
    add_hook(small)
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small), timeout="3s")
        outcome = await upgraded(session, plan)
    assert outcome.result is Result.FAILED
    assert outcome.summary.startswith("The pre-upgrade hook Job/migrate failed")
    assert "nothing was applied; revision 3 is deployed" in outcome.summary
    assert "upgrade again" in outcome.next_steps[-1]
    assert small.statuses()[4] == "failed"
    assert small.mark() == "three"


# Secrets


async def test_a_decrypted_value_is_in_the_cluster_and_nowhere_else(
    small: SmallRelease, state: Path, hidden: Path, tmp_path: Path
) -> None:
    logs.start(state)
    logging.getLogger("hubtui").setLevel(logging.DEBUG)
    (small.chart / "templates" / "secret.yaml").write_text(SECRET)
    add_hook(small)
    async with small.session() as session:
        files = (ValueFile(str(hidden)),)
        plan = await planned(session, "mark=four", files=files, chart=folder(small))
        assert "1 file decrypted in memory only" in check(plan, "secrets").evidence
        assert f"-f <(sops decrypt {hidden})" in plan.command
        assert plan.changes is not None
        assert "Secret/key" in [each.title for each in plan.changes.objects]
        operation = await session.operations.start(plan, NAME)
        await until(operation, Phase.HOOKS)
        shown = [str(plan.to_json()), repr(plan), seen_by_others(helm_of(state))]
        os.kill(helm_of(state), signal.SIGKILL)
        shown.append(repr(await operation.wait()))
        small.run("rollback", NAME, "3")
        (small.chart / "templates" / "hook.yaml").unlink()
        plan = await planned(session, "mark=four", files=files, chart=folder(small))
        done = await upgraded(session, plan)
        assert done.result is Result.OK, done
        shown += [repr(done), str(plan.to_json()), repr(plan)]
    with small.cluster.api() as api:
        key = api.get(f"/api/v1/namespaces/{small.namespace}/secrets/key")
    assert key["data"]["key"] == "a2FuYXJpZW52b2dlbC03ZjNh"
    assert CANARY not in "\n".join(shown)
    assert CANARY not in everything_below(tmp_path)


# hubtui itself


async def test_hubtui_is_killed_and_helm_goes_on_with_the_values_that_it_was_given(
    testbed: Testbed, tmp_path: Path, state: Path
) -> None:
    with installed(testbed, tmp_path, 4) as small:
        async with FaultProxy(testbed.server, ca_file=testbed.ca_file) as proxy:
            kubeconfig = proxy.kubeconfig_from(testbed.kubeconfig)
            begins = Match(r"/secrets$", method="POST")
            proxy.delay(begins, 3)
            (file,) = values(tmp_path / "four.yaml", "mark: four\n")
            driver = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.cluster.drive_upgrade", str(kubeconfig)),
                *(str(small.helm), small.namespace, NAME, file.path),
                cwd=ROOT,
            )
            await proxy.wait_for_request(begins, after=0, timeout=60)
            helm = helm_of(state)
            driver.kill()
            await driver.wait()
            async with small.session(kubeconfig) as session:
                (found,) = await session.operations.recover_interrupted()
                assert found.operation is not None
                outcome = await found.operation.wait()
        assert outcome.result is Result.OK, outcome
        assert start_ticks(helm) is None
        assert small.mark() == "four"
        assert not list((state / "charts").iterdir())
        assert left(state).outcome == outcome


async def test_hubtui_and_helm_are_gone_and_the_next_one_says_what_is_left(
    small: SmallRelease, state: Path
) -> None:
    add_hook(small)
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        operation = await session.operations.start(plan, NAME)
        await until(operation, Phase.HOOKS)
        helm = helm_of(state)
    assert operation.outcome is None  # closing the session ended the watching, not helm
    assert start_ticks(helm) is not None
    os.kill(helm, signal.SIGKILL)
    await asyncio.to_thread(os.waitpid, helm, 0)
    async with small.session() as session:
        (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.result is Result.INTERRUPTED
    assert "in the hook Job/migrate: revision 4 is pending-upgrade" in found.outcome.summary
