"""The shapes of JSON items: snake_case, numbers as numbers, times as RFC 3339."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from hubtui.model.age import rfc3339, seconds_between
from hubtui.model.podstate import Severity
from hubtui.model.problem import Fix
from hubtui.model.release import RevisionHead
from hubtui.model.roles import server_of, user_of
from hubtui.model.trail import Finding
from hubtui.model.why_facts import Evidence
from hubtui.model.workflow import Made, WorkflowRun
from hubtui.services.pods import PodRow, RoleRow
from hubtui.services.releases import Summary
from hubtui.views.pods import chart_of

Shape = dict[str, Any]


def revision(head: RevisionHead, summary: Summary) -> Shape:
    """One revision of a release."""
    return {
        "release": head.release,
        "revision": head.revision,
        "status": head.status.value,
        "pending": head.status.pending,
        "updated": rfc3339(summary.updated or head.created),
        "created": rfc3339(head.created),
        "modified": rfc3339(head.modified),
        "chart": summary.chart,
        "chart_version": summary.chart_version,
        "app_version": summary.app,
        "description": summary.description,
        "error": summary.error,
    }


def finding(found: Finding) -> Shape:
    """One thing that happened to a release; `compare` are the two revisions worth comparing."""
    return {
        "revision": found.revision,
        "what": found.what.value,
        "words": found.words,
        "compare": list(found.pair) if found.pair else None,
    }


def workflow_run(run: WorkflowRun, made: Made | None) -> Shape:
    """One run of the workflow that deploys the hub; `revision` is null where none is certain, and
    `revision_by` says whether its commit tells it or only its time."""
    return {
        "id": run.id,
        "number": run.run_number,
        "attempt": run.run_attempt,
        "title": run.display_title,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "severity": run.severity.name.lower(),
        "branch": run.head_branch,
        "commit": run.head_sha,
        "who": run.who,
        "started": rfc3339(run.began),
        "updated": rfc3339(run.updated_at),
        "url": run.html_url,
        "revision": made.revision if made else None,
        "revision_by": made.by.value if made else None,
    }


def evidence(each: Evidence) -> Shape:
    """One thing that was seen, of an explanation or a problem."""
    return {
        "source": each.source,
        "words": each.words,
        "at": rfc3339(each.at),
        "warning": each.warning,
    }


def fix(each: Fix) -> Shape:
    """One thing to start, with the command that starts it."""
    return {
        "action": each.verb.value,
        "target": each.target,
        "words": each.words,
        "command": each.command,
    }


def pod(row: PodRow, now: datetime) -> Shape:
    """One pod."""
    meta, state = row.pod.metadata, row.state
    created = meta.creation_timestamp
    return {
        "namespace": meta.namespace,
        "name": meta.name,
        "role": row.role.value,
        "user": user_of(row.pod),
        "server": server_of(row.pod),
        "status": state.status,
        "severity": state.severity.name.lower(),
        "message": state.message,
        "ready": state.ready,
        "containers": state.containers,
        "restarts": state.restarts,
        "restart_reason": state.restart_reason,
        "restarted_at": rfc3339(state.restarted_at),
        "since": rfc3339(state.since),
        "node": row.pod.spec.node_name,
        "created": rfc3339(created),
        "age_seconds": int(seconds_between(created, now)) if created else None,
        "chart": chart_of(row.pod),
    }


def role(row: RoleRow) -> Shape:
    """One role: `expected` is null where nothing says how many pods are meant."""
    reasons = Counter(r.state.status for r in row.pods if r.state.severity >= Severity.WAITING)
    return {
        "role": row.role.value,
        "pods": len(row.pods),
        "ready": row.ready,
        "expected": row.expected,
        "restarts": row.restarts,
        "severity": row.severity.name.lower(),
        "not_up": dict(reasons.most_common()),
    }
