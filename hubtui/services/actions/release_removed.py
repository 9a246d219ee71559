"""Objects whose removal takes away what no revision holds: no rollback brings that back.

helm deletes what the revision in force has and the new one has not, apart from what is annotated
`helm.sh/resource-policy: keep` (helm 3 and 4, `pkg/kube/client.go`).
"""

from __future__ import annotations

from typing import Final

from hubtui.model.manifest import Resource
from hubtui.model.plan import Check
from hubtui.services.actions.common import stop
from hubtui.services.actions.release_facts import Facts

NAME: Final = "removed data"
NAMED: Final = 4

_LOST: Final = {
    "PersistentVolumeClaim": "its volume, unless the volume's class keeps it",
    "Namespace": "everything in it",
    "CustomResourceDefinition": "every object of its kind",
}


def check(facts: Facts, namespace: str) -> Check | None:
    """What goes with the objects that are removed; None where nothing else goes."""
    if facts.target.content is None:
        return None
    stay = {item.key(namespace) for item in facts.target.resources}
    gone = [
        f"{item.title} goes, with {_LOST[item.kind]}"
        for item in facts.current.resources
        if item.kind in _LOST and item.key(namespace) not in stay and not _kept(item)
    ]
    if not gone:
        return None
    more = f"; and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
    words = f"{'; '.join(gone[:NAMED])}{more}: no rollback brings that back"
    return stop(NAME, words, overridable=True)


def _kept(item: Resource) -> bool:
    metadata = item.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    policy = annotations.get("helm.sh/resource-policy") if isinstance(annotations, dict) else None
    return isinstance(policy, str) and policy.strip().lower() == "keep"
