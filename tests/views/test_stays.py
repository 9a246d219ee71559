"""Why a node stays, as lines: the sentence, what to do, and what keeps it one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from hubtui.model.kube import Pod
from hubtui.model.kube_changes import Budget
from hubtui.model.scale_down import Around, Stays, stays
from hubtui.model.scale_down_words import FREE
from hubtui.model.why_facts import Missing
from hubtui.views.document import Document
from hubtui.views.stays import stays_lines

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
USER = {"component": "singleuser-server", "app": "jupyterhub", "release": "hub"}


def pod(name: str, labels: dict[str, str], user: str = "") -> Pod:
    notes = {"hub.jupyter.org/username": user} if user else {}
    meta = {"name": name, "namespace": "hub", "labels": labels, "annotations": notes}
    return msgspec.convert({"metadata": meta, "status": {"phase": "Running"}}, Pod)


def found(*pods: Pod, budgets: tuple[Budget, ...] = ()) -> Stays:
    around = Around(now=NOW, namespace="hub", release="hub", budgets={"hub": budgets})
    return stays(None, pods, {}, around)


def text(known: Stays) -> list[str]:
    return Document(lambda _: stays_lines(known)).text.split("\n")


def test_a_node_that_nothing_keeps_is_one_sentence() -> None:
    assert text(found()) == [f"  {FREE}"]


def test_servers_come_first_and_each_kind_says_what_would_free_the_node() -> None:
    guard = msgspec.convert({"metadata": {"name": "guard"}, "spec": {"selector": {}}}, Budget)
    known = found(pod("jupyter-ana", USER, "ana"), pod("debug", {}), budgets=(guard,))
    lines = text(known)
    assert lines[0].startswith("  It stays for 1 server (ana); ana: ? (the hub was not asked); ")
    assert lines[1].startswith("  Cordon the node")
    assert lines[2].startswith("  Delete a pod that nobody needs")
    assert lines[3].startswith("  Give what the budget guards one more pod")
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles == ["Servers on it", "What else keeps it"]
    kinds = [line.split()[0] for line in lines[lines.index("Servers on it") :] if line[:2] == "  "]
    assert kinds == ["user", "no-controller", "disruption-budget"]


def test_what_was_not_read_is_told() -> None:
    known = Stays((), None, FREE, missing=(Missing("nodes", "no right to list nodes"),))
    assert text(known)[-1].split() == ["nodes", "no", "right", "to", "list", "nodes"]
