"""What an upgrade is planned from: the revision in force, what helm renders, what was given."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from hubtui.clients import chart_digest, chart_offers, chart_schemas, charts, git, kubeconfig
from hubtui.clients.chart_schemas import Schemas
from hubtui.clients.helm import Helm, history_max
from hubtui.clients.helm_upgrade import Upgrade
from hubtui.errors import DecodeError, ToolError
from hubtui.model import chart_schema
from hubtui.model.chart_offers import Offered, is_not_there
from hubtui.model.deployment import ChartKind, ChartSource, Distance
from hubtui.model.hub_chart import CHART, hub_path
from hubtui.model.plan import Basis
from hubtui.model.redact import Redactor, secret_leaves, texts
from hubtui.model.release import (
    Payload,
    RevisionHead,
    Status,
    decode_rendered,
    in_force,
)
from hubtui.model.text import safe
from hubtui.model.values_json import encoded
from hubtui.model.values_path import at
from hubtui.services import journal, upgrade_values
from hubtui.services.actions import ActionSession
from hubtui.services.actions.release_facts import (
    Facts,
    Side,
    compared,
    find_helm,
    heads_of,
    stored,
)
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.upgrade_values import Gathered

DIGITS: Final = 12
"""Of a digest: enough to tell two states apart."""

_COMMIT: Final = re.compile(r"\bcommit (?P<commit>[0-9a-f]{7,40})\b", re.IGNORECASE)

_RUNNING: Final = ChartSource(ChartKind.RUNNING, "")
_REMOTE: Final = (ChartKind.REPOSITORY, ChartKind.OCI)


@dataclass(frozen=True, slots=True)
class Rests:
    """What an upgrade rests on, read anew for the plan and once more before it is applied.

    `document` is what helm gets on stdin, with every secret in it.
    """

    heads: tuple[RevisionHead, ...]
    force: Side
    gathered: Gathered = field(repr=False)
    document: bytes = field(repr=False)
    chart: ChartSource
    chart_state: str
    server: str
    authority: str

    @property
    def basis(self) -> Basis:
        newest, force = self.heads[0], self.force.head
        return Basis.of(
            {
                "server": self.server,
                "certificate authority": self.authority,
                "newest revision": f"{newest.revision} ({newest.status})",
                "newest revision's object": f"{newest.uid}@{newest.resource_version}",
                "revision in force": f"{force.revision}, {force.uid}@{force.resource_version}",
                "values": self.sealed(self.document),
                "chart": self.chart_state,
            }
        )

    def sealed(self, content: bytes) -> str:
        """A digest that only says whether something is the same.

        Its key is the running revision as Helm stores it: who cannot read that cannot try out
        which values have the digest, which the journal holds.
        """
        payload = self.force.payload
        known = payload.manifest + repr(payload.config) if payload else ""
        key = hashlib.sha256(known.encode(errors="replace")).digest()
        return hmac.new(key, content, hashlib.sha256).hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True)
class UpgradeFacts:
    """Everything that was read for one plan.

    `facts.current` is the revision in force and `facts.target` what helm rendered, or why it did
    not, in helm's own `words`, which are without secrets; `schemas` then are those of the charts,
    and `offered` is what there is where helm did not find the chart or its version. `distance` is
    from the work tree's commit to the one that runs, where both are known; `git_here` whether this
    machine has a git at all.
    """

    facts: Facts
    rests: Rests
    request: UpgradeRequest = field(repr=False)
    upgrade: Upgrade
    words: str = field(default="", repr=False)
    schemas: Schemas = field(default_factory=Schemas, repr=False)
    offered: Offered | None = None
    distance: Distance | None = None
    git_here: bool = True

    @property
    def secrets(self) -> frozenset[str]:
        return secrets_of(self.rests.gathered)


async def rests_on(session: ActionSession, request: UpgradeRequest, folder: Path) -> Rests:
    """Reads everything but what helm makes of it. A chart of the running revision is unpacked into
    `folder`, which must not be there.

    Raises NotFoundError without a release, ToolError, DecodeError and their kin for values and
    charts that cannot be had.
    """
    heads, gathered = await asyncio.gather(
        heads_of(session), upgrade_values.gather(session.settings, request)
    )
    force = await stored(session, in_force(heads) or heads[0])
    server, authority = await asyncio.to_thread(
        kubeconfig.identity, session.settings, session.context
    )
    chart = await _at_hand(_source(request), force, folder)
    found = Rests(
        heads=heads,
        force=force,
        gathered=gathered,
        document=encoded(gathered.document),
        chart=chart,
        chart_state="",
        server=server,
        authority=authority,
    )
    return replace(found, chart_state=await _chart_state(found))


async def read(session: ActionSession, request: UpgradeRequest, folder: Path) -> UpgradeFacts:
    """Reads everything anew and has helm render the upgrade. Raises what `rests_on` raises."""
    rests, (helm, version, problem), redactor = await asyncio.gather(
        rests_on(session, request, folder), find_helm(session), session.redactor()
    )
    session.learn(rests.gathered.secret_paths)
    redactor = knowing(redactor, rests)
    upgrade = _upgrade(session, request, rests)
    target, words = await _rendered(session, helm, upgrade, rests, redactor)
    if target.payload is not None:
        upgrade = replace(upgrade, chart=pinned(upgrade.chart, target.payload))
    before, after, changes = await compared(rests.force, target, redactor)
    facts = Facts(
        heads=rests.heads,
        current=before,
        target=after,
        changes=changes,
        helm=helm,
        version=version,
        helm_error=problem,
        server=rests.server,
        authority=rests.authority,
        redactor=redactor,
    )
    found = UpgradeFacts(
        facts,
        rests,
        request,
        upgrade,
        distance=await _distance(request, rests.force),
        git_here=await asyncio.to_thread(git.is_here),
    )
    if target.payload is not None:
        return found
    return replace(
        found,
        words=words,
        schemas=await asyncio.to_thread(_schemas, rests),
        offered=await _offered(session, rests.chart, words),
    )


async def _distance(request: UpgradeRequest, force: Side) -> Distance | None:
    """From the work tree's commit to the one that the revision in force says it came from."""
    state = request.work_tree
    before = commit_of(force.payload.description) if force.payload is not None else ""
    if state is None or not state.commit or not before:
        return None
    return await git.distance(state.root, state.commit, before)


async def _offered(session: ActionSession, chart: ChartSource, words: str) -> Offered | None:
    if chart.kind not in _REMOTE or not is_not_there(words):
        return None
    return await chart_offers.offered(session.gate, chart)


def _schemas(rests: Rests) -> Schemas:
    """Of a chart that is not on this machine those of the running one, which is mostly its
    forerunner."""
    chart, payload = rests.chart, rests.force.payload
    if chart.kind not in _REMOTE:
        return chart_schemas.schemas(Path(chart.reference))
    if payload is None:
        return Schemas()
    schema, place = chart_schema.stored(payload.schema), hub_path(payload)
    return Schemas(
        {payload.chart.name: schema} if schema is not None else {},
        {CHART: place} if place is not None else {},
        {chart.name: chart.version},
    )


def with_chart(upgrade: Upgrade, chart: ChartSource) -> Upgrade:
    """The same upgrade with its chart where it is now: one of the running revision is unpacked
    anew. One of a repository keeps the version that was rendered."""
    return replace(upgrade, chart=replace(upgrade.chart, reference=chart.reference))


def pinned(chart: ChartSource, rendered: Payload) -> ChartSource:
    """A chart of a repository at the version that was rendered: the newest may be another one by
    the time it is applied."""
    if chart.kind not in _REMOTE:
        return chart
    return replace(chart, version=rendered.chart.version or chart.version)


def knowing(redactor: Redactor, rests: Rests) -> Redactor:
    """A redactor that knows the values to come too, which no live Secret holds yet, and those that
    they replace."""
    gathered, payload = rests.gathered, rests.force.payload
    redactor = replace(redactor, sops=redactor.sops | gathered.secret_paths)
    return redactor.knowing(gathered.document, *([payload.config] if payload else []))


def secrets_of(gathered: Gathered) -> frozenset[str]:
    """The texts among the values that are secret, by their names or by their files."""
    found = set(secret_leaves(gathered.document))
    for path in gathered.secret_paths:
        found |= texts(at(gathered.document, path))
    return frozenset(found)


def _source(request: UpgradeRequest) -> ChartSource:
    if request.chart is not None:
        return request.chart
    return request.deployment.chart if request.deployment is not None else _RUNNING


async def _at_hand(source: ChartSource, force: Side, folder: Path) -> ChartSource:
    """The chart where helm can read it."""
    if source.kind is not ChartKind.RUNNING:
        return source
    if force.payload is None:
        raise DecodeError(
            f"The chart of revision {force.head.revision} cannot be used: {force.error}",
            remedy="Name a chart with --chart.",
        )
    path = await asyncio.to_thread(charts.unpack_running, force.payload, folder)
    return replace(source, reference=str(path), name=force.payload.chart.name)


async def _chart_state(rests: Rests) -> str:
    """What of the chart must stay the same between plan and apply."""
    chart = rests.chart
    if chart.kind is ChartKind.RUNNING:
        return f"of revision {rests.force.head.revision}"
    if chart.kind in (ChartKind.FOLDER, ChartKind.ARCHIVE):
        whole = await asyncio.to_thread(chart_digest.digest, Path(chart.reference))
        return f"{chart.reference} {rests.sealed(whole)}"
    return " ".join(part for part in (chart.repository, chart.reference, chart.version) if part)


def _upgrade(session: ActionSession, request: UpgradeRequest, rests: Rests) -> Upgrade:
    return Upgrade(
        release=session.release,
        namespace=session.namespace,
        chart=rests.chart,
        mode=request.mode,
        history=history_max(len(rests.heads)),
        timeout=request.timeout or session.settings.helm_timeout,
        description=description(request),
    )


def description(request: UpgradeRequest) -> str:
    """What `helm history` will say: who, and from which commit."""
    state = request.work_tree
    if state is None or not state.commit:
        return f"Upgrade by {journal.who()}"
    branch = f" ({state.branch})" if state.branch else ""
    dirty = f", {len(state.dirty)} changed and not committed" if state.dirty else ""
    return f"Commit {state.commit[:DIGITS]}{branch} by {state.author}{dirty}"


def commit_of(described: str) -> str:
    """The commit that a revision was deployed from, as far as its description tells; or empty."""
    found = _COMMIT.search(described)
    return found["commit"] if found else ""


async def _rendered(
    session: ActionSession, helm: Helm | None, upgrade: Upgrade, rests: Rests, redactor: Redactor
) -> tuple[Side, str]:
    """What the upgrade would make, as helm renders it; else helm's own words, without secrets."""
    head = RevisionHead(
        release=session.release,
        revision=rests.heads[0].revision + 1,
        status=Status.PENDING_UPGRADE,
        namespace=session.namespace,
        created=None,
        modified=None,
        object_name="",
        uid="",
        resource_version="",
    )
    if helm is None:
        return Side(head, error="helm is not there"), ""
    try:
        answer = await helm.dry_run(upgrade, rests.document)
        return Side(head, await asyncio.to_thread(decode_rendered, answer)), ""
    except ToolError as error:
        return Side(head, error=error.what), redactor.mask_said(safe(error.output))
    except DecodeError as error:
        return Side(head, error=error.what), ""
