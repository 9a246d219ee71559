"""Why a claim is not bound: told from its class, its volume, its pods and its events."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.kube import Event
from hubtui.model.kube_needs import Claim
from hubtui.model.volumes import StorageClass, Volume
from hubtui.model.why_claim import ClaimFacts, why_claim
from hubtui.model.why_facts import Cause

DEFAULT = {"fast": ("Immediate", "disk.csi.example"), "late": ("WaitForFirstConsumer", "late.csi")}
CLASSES = {
    name: msgspec.convert(
        {"metadata": {"name": name}, "provisioner": maker, "volumeBindingMode": mode}, StorageClass
    )
    for name, (mode, maker) in DEFAULT.items()
}


def claim(phase: str = "Pending", made_by: str = "fast", **more: Any) -> Claim:
    return msgspec.convert(
        {
            "metadata": {"name": "claim-ana", "namespace": "hub", **more.get("meta", {})},
            "spec": {
                "storageClassName": made_by,
                "volumeName": more.get("volume", ""),
                "resources": {"requests": {"storage": "20Gi"}},
            },
            "status": {
                "phase": phase,
                "capacity": {"storage": "10Gi"},
                "conditions": more.get("conditions", []),
            },
        },
        Claim,
    )


def event(reason: str, message: str = "", kind: str = "Warning") -> Event:
    told = {"reason": reason, "message": message, "type": kind}
    return msgspec.convert({"metadata": {"name": reason}, **told}, Event)


def owned(by: str) -> Volume:
    ref = {"claimRef": {"namespace": "hub", "name": by}}
    return msgspec.convert({"metadata": {"name": "pv-1"}, "spec": ref}, Volume)


def condition(kind: str, message: str = "") -> dict[str, str]:
    return {"type": kind, "status": "True", "message": message}


GONE = {"deletionTimestamp": "2026-11-23T14:00:00Z"}
TOO_LARGE = condition("ControllerResizeError", "too large")
FAILED = event("ProvisioningFailed", "rpc error: quota exceeded")


@pytest.mark.parametrize(
    ("facts", "cause", "happened", "means"),
    [
        (ClaimFacts(claim("Bound")), Cause.UP, "It is bound.", "Its volume is there"),
        (ClaimFacts(claim("Lost", volume="pv-1")), Cause.CLAIM, "volume pv-1 is gone", "never"),
        (
            ClaimFacts(claim("Bound", meta=GONE), pods=["jupyter-ana"]),
            Cause.DELETING, "It is being deleted.", "as long as jupyter-ana mounts it",
        ),
        (
            ClaimFacts(claim(made_by="gold"), CLASSES),
            Cause.CLAIM, "class gold does not exist", "Nobody makes",
        ),
        (
            ClaimFacts(claim(made_by=""), events=[event("FailedBinding", "none is set")]),
            Cause.CLAIM, "It names no class.", "by hand",
        ),
        (ClaimFacts(claim(made_by="late"), CLASSES), Cause.STARTING, "as meant", "class"),
        (
            ClaimFacts(claim(made_by="late"), CLASSES, pods=["jupyter-ana"]),
            Cause.CLAIM, "where jupyter-ana can run", "once a node was chosen",
        ),
        (
            ClaimFacts(claim(), CLASSES, events=[event("ExternalProvisioning", kind="Normal")]),
            Cause.CLAIM, "waits for disk.csi.example to make", "controller is down",
        ),
        (
            ClaimFacts(claim(), CLASSES, events=[FAILED]),
            Cause.CLAIM, "rpc error: quota exceeded", "again and again",
        ),
        (
            ClaimFacts(claim(), CLASSES, events=[event("ProvisioningSucceeded"), FAILED]),
            Cause.CLAIM, "waits for disk.csi.example", "seconds",
        ),
        (
            ClaimFacts(claim(volume="pv-1"), CLASSES, {}),
            Cause.CLAIM, "pv-1, which does not exist", "until there is one",
        ),
        (
            ClaimFacts(claim(volume="pv-1"), CLASSES, {"pv-1": owned("other")}),
            Cause.CLAIM, "belongs to the claim hub/other", "one claim",
        ),
        (
            ClaimFacts(claim(volume="pv-1"), CLASSES, {"pv-1": owned("claim-ana")}),
            Cause.CLAIM, "waits to be bound to the volume pv-1", "seconds",
        ),
        (
            ClaimFacts(claim("Bound", conditions=[condition("FileSystemResizePending")])),
            Cause.VOLUME, "It has 10Gi of the 20Gi", "mounts it anew",
        ),
        (
            ClaimFacts(claim("Bound", conditions=[TOO_LARGE])),
            Cause.VOLUME, "20Gi large: too large", "stays at 10Gi",
        ),
        (
            ClaimFacts(claim("Bound", conditions=[condition("Resizing")])),
            Cause.VOLUME, "from 10Gi to 20Gi", "goes on",
        ),
    ],
)  # fmt: skip
def test_what_explains_a_claim(facts: ClaimFacts, cause: Cause, happened: str, means: str) -> None:
    found = why_claim(facts)
    assert found.cause is cause
    assert happened in found.happened
    assert means in found.means


def test_what_may_not_be_read_is_no_reason() -> None:
    """A class that is not known is not told as missing."""
    found = why_claim(ClaimFacts(claim(made_by="gold"), classes=None))
    assert "its class" in found.happened


def test_events_and_conditions_are_the_evidence() -> None:
    made = claim("Bound", conditions=[TOO_LARGE])
    seen = why_claim(ClaimFacts(made, events=[FAILED])).evidence
    assert [(each.source, each.warning) for each in seen] == [("condition", True), ("event", True)]
