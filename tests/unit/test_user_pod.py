"""A server's pod beside what the values say of it."""

from __future__ import annotations

import pytest

from hubtui.model.kube_needs import Toleration
from hubtui.model.placing import Wanting
from hubtui.model.singleuser import Offer
from hubtui.model.user_pod import by_pod

GI = 2**30
LIMITS = {"memory": 8 * GI}
BY_SERVER = Toleration("node.kubernetes.io/not-ready", "Exists", "", "NoExecute")
OURS = Toleration("hub.jupyter.org/dedicated", "", "user", "NoSchedule")
OURS_AS_STORED = Toleration("hub.jupyter.org/dedicated", "Equal", "user", "NoSchedule")


def wanting(memory: int = GI, **more: str) -> Wanting:
    return Wanting({"memory": memory}, more, tolerations=(OURS,), claims=1)


def offer(name: str = "", memory: int = GI) -> Offer:
    return Offer(name, name.lower(), wanting(memory), is_default=True, unknown=("something",))


def pod(memory: int = GI, **more: str) -> Wanting:
    return Wanting({"memory": memory}, more, tolerations=(OURS_AS_STORED, BY_SERVER), claims=2)


def test_a_pod_as_the_values_say_it_changes_nothing() -> None:
    assert by_pod([offer()], "jupyter-ada", pod(), LIMITS) == ((offer(),), ())


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (pod(2 * GI), "asks for memory 2G, the values for memory 1G: the pod's are taken"),
        (pod(pool="big"), "asks for memory 1G, the values for other nodes: the pod's are taken"),
    ],
)
def test_the_pod_is_trusted_where_the_values_say_something_else(seen: Wanting, words: str) -> None:
    (found,), (note,) = by_pod([offer()], "jupyter-ada", seen, LIMITS)

    assert found.wanting.requests == seen.requests
    assert (found.wanting.selector, found.limits) == (seen.selector, LIMITS)
    assert (found.wanting.claims, found.is_default, found.unknown) == (1, True, ())
    assert words in note


def test_a_pod_that_is_no_profiles_is_counted_by_itself() -> None:
    known = [offer("Small"), offer("Large", 4 * GI)]
    found, (note,) = by_pod(known, "jupyter-ada", pod(3 * GI), LIMITS)

    assert found[:2] == tuple(known)
    assert (found[2].name, found[2].wanting.requests) == ("as jupyter-ada", {"memory": 3 * GI})
    assert "which is no profile's" in note


def test_a_pod_of_one_of_the_profiles_says_nothing() -> None:
    known = (offer("Small"), offer("Large", 4 * GI))

    assert by_pod(known, "jupyter-ada", pod(4 * GI), LIMITS) == (known, ())
