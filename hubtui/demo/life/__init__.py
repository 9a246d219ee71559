"""What lives in the demo's cluster: controllers, schedulers, kubelets, storage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hubtui.demo.life.attachments import Attachments
from hubtui.demo.life.base import Life, Part
from hubtui.demo.life.budgets import Budgets
from hubtui.demo.life.claims import Claims, make_class
from hubtui.demo.life.daemonsets import DaemonSets
from hubtui.demo.life.deployments import Deployments
from hubtui.demo.life.expansion import Expansion
from hubtui.demo.life.groups import Group
from hubtui.demo.life.index import Index
from hubtui.demo.life.jobs import Jobs
from hubtui.demo.life.kubelets import Kubelets
from hubtui.demo.life.making import Admission
from hubtui.demo.life.mounts import Mounts
from hubtui.demo.life.nodes import Nodes
from hubtui.demo.life.quotas import Quotas
from hubtui.demo.life.recorder import Recorder
from hubtui.demo.life.replicasets import ReplicaSets
from hubtui.demo.life.scaledown import ScaleDown
from hubtui.demo.life.scaleup import ScaleUp
from hubtui.demo.life.scaling_status import ScalingStatus
from hubtui.demo.life.scheduler import Scheduler
from hubtui.demo.life.services import Services
from hubtui.demo.life.statefulsets import StatefulSets
from hubtui.demo.resources import EVENTS, NAMESPACES, RESOURCES
from hubtui.demo.storage import Change
from hubtui.demo.world import World

NAMES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
"""The namespaces that every cluster has."""


def attach(world: World, groups: Iterable[Group] = ()) -> None:
    """Starts all that lives: it acts on what is stored already, and on each change from here on.
    Makes the namespaces of every cluster and the StorageClass `standard` where they are absent.
    An autoscaler takes care of the node groups."""
    groups = tuple(groups)
    life = Life(world, Index(world.storage), Recorder(world))
    kubelets = Kubelets(life)
    growing = ScaleUp(life, groups)
    parts: tuple[Part, ...] = (
        *(Admission(world), Deployments(life), ReplicaSets(life), StatefulSets(life)),
        *(DaemonSets(life), Jobs(life), Budgets(life), Quotas(life), Services(life)),
        *(Claims(life), Attachments(life), Expansion(life), Mounts(life), Scheduler(life)),
        *(kubelets, Nodes(life, kubelets)),
        *(growing, ScaleDown(life, groups, growing), ScalingStatus(life, groups, growing)),
    )

    def see(change: Change) -> None:
        if change.resource is EVENTS:
            return
        life.index.see(change)
        for part in parts:
            part.see(change)

    for resource in RESOURCES:
        for each in world.storage.all(resource):
            see(Change(world.storage.version, "ADDED", resource, each))
    world.storage.listen(see)
    for name in NAMES:
        if world.objects.find(NAMESPACES, "", name) is None:
            namespace = {"metadata": {"name": name}, "status": {"phase": "Active"}}
            world.objects.create(NAMESPACES, namespace)
    make_class(world)
