"""Evictions and bindings: what is created on a pod."""

from __future__ import annotations

from hubtui.demo.api.answers import done
from hubtui.demo.api.asked import Target, Writer
from hubtui.demo.objects import carries, stamp
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import BUDGETS, PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World


def evict(world: World, target: Target, body: Json, writer: Writer) -> Json:
    """Deletes a pod if its disruption budget lets it go. Raises RefusedError: 404, 429."""
    pod = world.objects.get(PODS, target.namespace, target.name)
    options = body.get("deleteOptions") or {}
    ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed", "Pending")
    dry_run = writer.dry_run or bool(options.get("dryRun"))
    for budget in () if ended else world.objects.all(BUDGETS, target.namespace):
        if _selects(budget, pod):
            _use(world, budget, pod, dry_run=dry_run)
    world.objects.delete(
        PODS,
        target.namespace,
        target.name,
        grace=options.get("gracePeriodSeconds"),
        dry_run=dry_run,
    )
    return done({}) | {"code": 201}


def _selects(budget: Json, pod: Json) -> bool:
    selector = (budget.get("spec") or {}).get("selector")
    return selector is not None and carries(pod, selector.get("matchLabels") or {})


def _use(world: World, budget: Json, pod: Json, *, dry_run: bool) -> None:
    status = budget.get("status") or {}
    allowed = int(status.get("disruptionsAllowed", 0))
    name = budget["metadata"]["name"]
    if allowed < 1:
        words = f"The disruption budget {name} needs {status.get('desiredHealthy', 0)} healthy "
        words += f"pods and has {status.get('currentHealthy', 0)} currently"
        raise RefusedError(
            429,
            "TooManyRequests",
            "Cannot evict pod as it would violate the pod's disruption budget.",
            {"causes": [{"reason": "DisruptionBudget", "message": words}]},
        )

    def count(thing: Json) -> None:
        thing["status"]["disruptionsAllowed"] = allowed - 1
        disrupted = thing["status"].setdefault("disruptedPods", {})
        disrupted[pod["metadata"]["name"]] = stamp(world.timeline.now)

    if not dry_run:
        world.objects.change(BUDGETS, target_namespace(budget), name, count)


def target_namespace(thing: Json) -> str:
    """The namespace of an object."""
    return str(thing["metadata"].get("namespace", ""))


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
    return done({}) | {"code": 201}
