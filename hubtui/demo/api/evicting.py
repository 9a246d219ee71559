"""Evictions and bindings: what is created on a pod."""

from __future__ import annotations

from typing import Final

from hubtui.demo.api.asked import Target, Writer
from hubtui.demo.api.deleting import check_preconditions
from hubtui.demo.life.reading import (
    condition,
    condition_of,
    is_ready,
    is_terminating,
    labels_of,
    matches,
    name_of,
    namespace_of,
    phase_of,
    with_condition,
)
from hubtui.demo.objects import stamp
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import BUDGETS, PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

_UNGUARDED: Final = ("Succeeded", "Failed", "Pending")
_VIOLATED: Final = "Cannot evict pod as it would violate the pod's disruption budget."
_SEVERAL: Final = (
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
    "support."
)
_DONE: Final = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def evict(world: World, target: Target, body: Json, writer: Writer) -> Json:
    """Deletes a pod if its disruption budget lets it go, as the EvictionREST of the registry does.
    Raises RefusedError: 404, 409, 429, 500."""
    pod = world.objects.get(PODS, target.namespace, target.name)
    options = body.get("deleteOptions") or {}
    dry_run = writer.dry_run or bool(options.get("dryRun"))
    if phase_of(pod) not in _UNGUARDED and not is_terminating(pod):
        _ask_budgets(world, pod, dry_run=dry_run)
    check_preconditions(PODS, pod, options.get("preconditions") or {})
    if not dry_run:
        _mark(world, pod)
    world.objects.delete(
        PODS,
        target.namespace,
        target.name,
        grace=options.get("gracePeriodSeconds"),
        dry_run=dry_run,
    )
    return {**_DONE, "code": 201}


def _ask_budgets(world: World, pod: Json, *, dry_run: bool) -> None:
    found = [
        budget
        for budget in world.objects.all(BUDGETS, namespace_of(pod))
        if matches((budget.get("spec") or {}).get("selector"), labels_of(pod))
    ]
    if len(found) > 1:
        raise RefusedError(500, "", _SEVERAL)
    for budget in found:
        if is_ready(pod) or not _spares_unready(budget):
            _use(world, budget, pod, dry_run=dry_run)


def _spares_unready(budget: Json) -> bool:
    """Whether a pod that is not ready may go whatever the budget has left."""
    status = budget.get("status") or {}
    wanted = int(status.get("desiredHealthy", 0))
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    return 0 < wanted <= int(status.get("currentHealthy", 0))


def _use(world: World, budget: Json, pod: Json, *, dry_run: bool) -> None:
    status, name = budget.get("status") or {}, name_of(budget)
    if status.get("observedGeneration", 0) < budget["metadata"]["generation"]:
        words = f"The disruption budget {name} is still being processed by the server."
        raise _too_many(words, retry=10)
    allowed = int(status.get("disruptionsAllowed", 0))
    if allowed < 1:
        raise _too_many(_needs(budget))

    def count(thing: Json) -> None:
        thing["status"]["disruptionsAllowed"] = allowed - 1
        disrupted = thing["status"].setdefault("disruptedPods", {})
        disrupted[name_of(pod)] = stamp(world.timeline.now)

    if not dry_run:
        world.objects.change(BUDGETS, namespace_of(budget), name, count)


def _needs(budget: Json) -> str:
    """Why a budget lets none go, as the server words it."""
    status, name = budget.get("status") or {}, name_of(budget)
    wanted, healthy = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    if healthy <= wanted:
        head = f"The disruption budget {name} needs {wanted} healthy pods"
        return f"{head} and has {healthy} currently"
    told = condition_of(budget, "DisruptionAllowed") or {}
    words = f"The disruption budget {name} does not allow evicting pods currently"
    return f"{words} ({told['reason']}): {told['message']}" if told.get("message") else words


def _too_many(words: str, *, retry: int = 0) -> RefusedError:
    causes = [{"reason": "DisruptionBudget", "message": words}]
    return RefusedError(
        429, "TooManyRequests", _VIOLATED, {"causes": causes, "retryAfterSeconds": retry}
    )


def _mark(world: World, pod: Json) -> None:
    """The pod tells why it goes."""
    words = ("True", "EvictionByEvictionAPI", "Eviction API: evicting")

    def add(thing: Json) -> None:
        before = thing["status"].get("conditions") or ()
        told = condition(before, "DisruptionTarget", *words, world.timeline.now)
        thing["status"]["conditions"] = with_condition(before, told)

    world.objects.change(PODS, namespace_of(pod), name_of(pod), add)


def bind(world: World, target: Target, body: Json, writer: Writer) -> Json:
    """Puts a pod on a node, as a scheduler asks. Raises RefusedError: 404, 409."""
    pod = world.objects.get(PODS, target.namespace, target.name)
    node = (body.get("target") or {}).get("name", "")
    if pod["spec"].get("nodeName"):
        raise RefusedError(
            409,
            "Conflict",
            f'Operation cannot be fulfilled on pods/binding "{target.name}": pod {target.name} is '
            f'already assigned to node "{pod["spec"]["nodeName"]}"',
        )

    def place(thing: Json) -> None:
        thing["spec"]["nodeName"] = node
        thing["status"].setdefault("conditions", []).append(
            {
                "type": "PodScheduled",
                "status": "True",
                "lastTransitionTime": stamp(world.timeline.now),
            }
        )

    if not writer.dry_run:
        world.objects.change(PODS, target.namespace, target.name, place)
    return {**_DONE, "code": 201}
