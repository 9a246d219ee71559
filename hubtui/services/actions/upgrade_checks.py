"""The checks of an upgrade that need no more than what was read for its plan."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hubtui.model.age import duration
from hubtui.model.deployment import ValuesMode
from hubtui.model.diff_images import ImageChange
from hubtui.model.hub_chart import CHART, hub_chart_version, hub_path, jupyterhub_version
from hubtui.model.merge import merged
from hubtui.model.plan import Check
from hubtui.model.release import Payload, RevisionHead
from hubtui.model.text import one_line
from hubtui.services.actions import upgrade_advice, upgrade_git
from hubtui.services.actions.common import counted, ok, stop
from hubtui.services.actions.upgrade_facts import UpgradeFacts
from hubtui.services.actions.upgrade_git import first_of

_ERROR = re.compile(r"Error: (?:UPGRADE FAILED: )?(?P<words>.+)", re.DOTALL)
_MEANINGS: Final = (
    ("missing in charts/ directory", "run `helm dependency build` in the chart's folder"),
    ("not a valid chart repository or cannot be reached", "check --chart-repo and the network"),
    ("non-absolute urls", "name a folder, an archive, oci://…, or give --chart-repo"),
    ("unknown authority", "name the certificates of your authority with SSL_CERT_FILE"),
    ("connection refused", "is the server of the chart up?"),
    ("another operation", "the release is pending: see `recover` (R)"),
    ("kubeversion", "the chart needs another Kubernetes"),
    ("parse error", "mend the chart's template"),
    ("execution error at", "the chart itself refuses these values"),
)


def rendered(facts: UpgradeFacts) -> Check:
    """Whether helm can make the revision: chart, templates, values, the server's word."""
    name = "helm renders it"
    target, version = facts.facts.target, facts.facts.version
    if target.payload is None:
        schema = upgrade_advice.schema(facts.words) is not None
        said = "values do not fit its schema" if schema else _said(facts)
        return stop(name, f"{target.error}: {said}" if said else target.error)
    if target.broken:
        first = target.broken[0]
        line = f", line {first.line}" if first.line else ""
        return stop(name, f"{first.title}{line}: {first.error}")
    hooks = len(target.content.hooks) if target.content else 0
    return ok(
        name,
        f"{version}, dry run on the server: {counted(len(target.resources), 'object')}, "
        f"{counted(hooks, 'hook')} of {target.payload.chart.label}",
    )


def _said(facts: UpgradeFacts) -> str:
    """helm's error, with what can be done about it where that is known."""
    found = _ERROR.search(facts.words)
    said = one_line(found["words"] if found else facts.words)
    if facts.offered is not None:
        return f"{said} ({facts.offered.words(facts.upgrade.chart.version)})"
    lowered = said.lower()
    remedy = next((advice for key, advice in _MEANINGS if key in lowered), "")
    return f"{said} ({remedy})" if remedy else said


def not_pending(newest: RevisionHead, quiet: Check) -> Check:
    """helm refuses to upgrade a release that is pending: nothing there can be overridden."""
    if not newest.status.pending:
        return quiet
    words = f"revision {newest.revision} is {newest.status}: helm upgrade refuses to start"
    return stop(quiet.name, f"{words}; recover it first (R, hubtui recover)")


def deployment_folder(facts: UpgradeFacts, context: str) -> tuple[Check, ...]:
    """Whether the folder is this hub's and can be deployed from; without one only what git says of
    the files."""
    deployment, upgrade = facts.request.deployment, facts.upgrade
    git = upgrade_git.checks(facts)
    if deployment is None:
        return git
    name = "deployment folder"
    what = " ".join(part for part in (deployment.hub, deployment.environment) if part)
    here = (upgrade.release, upgrade.namespace)
    if (deployment.release, deployment.namespace) != here:
        return (
            stop(
                name,
                f"{what} is release {deployment.release} in namespace {deployment.namespace}, "
                f"not {upgrade.release} in {upgrade.namespace}",
            ),
        )
    if deployment.problems:
        return (stop(name, "; ".join(deployment.problems)), *git)
    words = f"{deployment.layout}: {what}, {counted(len(deployment.files), 'value file')}"
    if deployment.context and deployment.context != context:
        words = f"{words}; it names the context {deployment.context}, and this is {context}"
        return (stop(name, words, overridable=True), *git)
    return (ok(name, words), *git)


def secret_files(facts: UpgradeFacts) -> Check | None:
    """Whether files that are named secret are encrypted; None without any."""
    name, given = "secrets", facts.rests.gathered.files
    plain = [file.path for file in given if file.named_secret and not file.encrypted]
    encrypted = sum(file.encrypted for file in given)
    if plain:
        files = first_of(plain)
        return stop(name, f"not encrypted, and named secret: {files}; sops encrypt -i FILE")
    if not encrypted:
        return None
    return ok(name, f"{counted(encrypted, 'file')} decrypted in memory only")


def hook_pulls(pulled: frozenset[str]) -> str:
    """What becomes of images that are not on a node yet and that the hook puller leaves out."""
    if pulled:
        return "the hook puller leaves these out: what starts there first waits"
    return "nothing is pulled beforehand: what starts there first waits"


def advice(facts: UpgradeFacts) -> tuple[Check, ...]:
    """What values and versions tell (`upgrade_advice`), and the schema's words."""
    before, after = facts.facts.current, facts.facts.target
    if before.payload is None:
        return _schema(facts)
    if after.payload is None:
        return (*_schema(facts), *_of_values(facts, before.payload))
    new, old = after.payload, before.payload
    changes = facts.facts.changes
    return upgrade_advice.checks(
        upgrade_advice.Upgrade(
            mode=facts.request.mode,
            given=facts.rests.gathered.document,
            running=old.config,
            values=new.config,
            defaults=new.defaults,
            hub_path=hub_path(new),
            own_keys=_own_keys(new),
            chart_before=hub_chart_version(old) or "",
            chart_after=hub_chart_version(new) or "",
            hub_before=jupyterhub_version(old) or "",
            hub_after=jupyterhub_version(new) or "",
            other_chart=new.chart != old.chart,
            new_images=_new_images(changes.images if changes else ()),
            timeout=duration(facts.upgrade.timeout).total_seconds(),
        )
    )


def _schema(facts: UpgradeFacts) -> tuple[Check, ...]:
    """Where the values do not fit, when that is why helm cannot render it."""
    known = facts.schemas
    check = upgrade_advice.schema(facts.words, known.schemas, known.places)
    return () if check is None else (check,)


def _of_values(facts: UpgradeFacts, running: Payload) -> tuple[Check, ...]:
    """What of the values may be why helm cannot render it: z2jh fails for settings that are
    gone."""
    mode, given, known = facts.request.mode, facts.rests.gathered.document, facts.schemas
    return upgrade_advice.of_values(
        upgrade_advice.Upgrade(
            mode=mode,
            given=given,
            running=running.config,
            values=given if mode is ValuesMode.RESET else merged(running.config, given),
            hub_path=known.places.get(CHART) if known.places else hub_path(running),
            own_keys=_own_keys(running) | {place[0] for place in known.places.values() if place},
            chart_after=known.versions.get(CHART, ""),
        )
    )


def _own_keys(payload: Payload) -> frozenset[str]:
    sub_charts = (dependency.key for dependency in payload.chart.dependencies)
    return frozenset((*payload.defaults, *sub_charts, "global"))


def _new_images(changes: Iterable[ImageChange]) -> tuple[str, ...]:
    return tuple(each.after for each in changes if each.role == "singleuser" and each.after)


MODE_WORDS: Final = {
    ValuesMode.RESET: "reset: the running values are forgotten, only the given ones count",
    ValuesMode.REUSE: "reuse: the running values and the running chart's defaults stay below",
    ValuesMode.RESET_THEN_REUSE: "reset-then-reuse: the new chart's defaults, the running values "
    "over them, the given ones over those",
}
"""What becomes of the values of the running revision, in words."""
