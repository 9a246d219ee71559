"""A pod that waits for its volume: where it still hangs, and what cannot be mounted."""

from __future__ import annotations

import msgspec
import pytest

from hubtui.model.kube_needs import Attachment, Claim
from hubtui.model.why import explain
from hubtui.model.why_facts import Cause, Missing
from tests.explained import MOUNTS, ago, ended, event, facts, node, pod, waiting

CLAIM = {"metadata": {"name": "claim-ana"}, "spec": {"volumeName": "pvc-1"},
         "status": {"phase": "Bound"}}  # fmt: skip


def attachment(where: str) -> Attachment:
    spec = {"nodeName": where, "source": {"persistentVolumeName": "pvc-1"}}
    return msgspec.convert({"spec": spec, "status": {"attached": True}}, Attachment)


def test_multi_attach_names_the_other_node_and_pod() -> None:
    other = pod(node="user-7", volumes=MOUNTS, meta={"name": "old", "deletionTimestamp": ago(9)})
    told = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) old'
    found = explain(
        facts(
            pod(waiting("ContainerCreating"), volumes=MOUNTS),
            events=(event("FailedAttachVolume", told),),
            claims=(msgspec.convert(CLAIM, Claim),),
            attachments=(attachment("user-7"), attachment("user-1")),
            neighbours=(other,),
            nodes=(node("user-1"),),
        )
    )
    assert found.cause is Cause.MULTI_ATTACH
    assert found.happened == (
        "Its claim claim-ana is still attached to node user-7, held by pod old (on user-7, being "
        "deleted); it is needed on user-1."
    )
    assert "by force only when the machine is surely off" in found.todo
    assert ("attachment", "claim-ana is attached to user-7") in [
        (each.source, each.words) for each in found.evidence
    ]


def test_multi_attach_without_rights_still_tells_what_the_event_tells() -> None:
    told = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) old'
    denied = tuple(Missing(source, "no right") for source in ("claims", "nodes"))
    found = explain(
        facts(
            pod(waiting("ContainerCreating"), volumes=MOUNTS),
            events=(event("FailedAttachVolume", told),),
            missing=denied,
        )
    )
    assert found.happened.startswith(
        "Its volume pvc-1 is still attached to another node, held by pod old;"
    )
    assert found.missing == denied


MOUNT_FAILURES = [
    (
        'MountVolume.SetUp failed for volume "home" : mount failed: Connection timed out',
        Cause.VOLUME,
        "cannot be mounted (claims: claim-ana): MountVolume.SetUp failed",
    ),
    (
        'MountVolume.SetUp failed for volume "c" : configmap "hub-extra" not found',
        Cause.CONFIG,
        "It mounts the ConfigMap hub-extra, which does not exist.",
    ),
]


@pytest.mark.parametrize(("message", "cause", "words"), MOUNT_FAILURES)
def test_what_cannot_be_mounted(message: str, cause: Cause, words: str) -> None:
    found = explain(
        facts(
            pod(waiting("ContainerCreating"), volumes=MOUNTS),
            events=(event("FailedMount", message),),
            claims=(msgspec.convert(CLAIM, Claim),),
            nodes=(node("user-1"),),
        )
    )
    assert found.cause is cause
    assert words in found.happened


def test_a_volume_that_came_late_is_no_reason_for_a_crash_now() -> None:
    status = waiting("CrashLoopBackOff", restartCount=3, lastState=ended(1))
    found = explain(facts(pod(status), events=(event("FailedMount", "timed out", 600),)))
    assert found.cause is Cause.CRASH
