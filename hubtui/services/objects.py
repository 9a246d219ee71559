"""One object whole, as YAML: without secrets, and without what only machines read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hubtui.clients.answers import decode
from hubtui.clients.gate import Call
from hubtui.errors import DecodeError
from hubtui.model.kinds import DAEMONSETS, DEPLOYMENTS, STATEFULSETS, Kind
from hubtui.model.redact import MASK, Redactor
from hubtui.model.roles import WORKLOAD_ROLES, Role, component_of
from hubtui.model.yaml_text import dump

if TYPE_CHECKING:
    from hubtui.services.session import Session

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


async def object_yaml(session: Session, kind: Kind[Any], name: str) -> list[str]:
    """The lines of an object's YAML. Raises NotFoundError, DeniedError, UnreachableError."""
    redactor = await session.redactor()
    answer = await session.client.request(
        Call("get", kind.resource, session.namespace if kind.namespaced else "", name), kind=kind
    )
    body = decode(answer, dict[str, Any])
    return yaml_lines(body, redactor)


def yaml_lines(body: Mapping[str, Any], redactor: Redactor) -> list[str]:
    """An object as YAML: secrets masked, managedFields folded into one remark."""
    masked = redactor.mask_object(body)
    metadata = masked.get("metadata")
    if not isinstance(metadata, dict):
        raise DecodeError("The object has no metadata")
    fields = metadata.pop("managedFields", None) or []
    managers = dict.fromkeys(str(f.get("manager", "?")) for f in fields if isinstance(f, dict))
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and _LAST_APPLIED in annotations:
        metadata["annotations"] = {**annotations, _LAST_APPLIED: MASK}
    remark = [f"# managedFields of {', '.join(managers)} are left out"] if managers else []
    return [*remark, *dump(masked).splitlines()]


def workload_of(session: Session, role: Role) -> tuple[Kind[Any], str] | None:
    """The workload that asks for the pods of a role; users have none."""
    stores = session.pods.stores
    for kind, store in (
        (DEPLOYMENTS, stores.deployments),
        (STATEFULSETS, stores.statefulsets),
        (DAEMONSETS, stores.daemonsets),
    ):
        for workload in store:
            labels = workload.metadata.labels
            owner = labels.get("release", "")
            if WORKLOAD_ROLES.get(component_of(labels)) is role and owner in (
                "",
                session.release,
            ):
                return kind, workload.metadata.name
    return None
