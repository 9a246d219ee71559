"""One revision in lines: facts, hooks, and the operator's values with secrets masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hubtui.model.age import rfc3339
from hubtui.model.description import described
from hubtui.model.redact import Redactor
from hubtui.model.release import Hook, Payload, RevisionHead
from hubtui.model.trail import Finding
from hubtui.model.yaml_text import dump
from hubtui.services.hooks import Evidence
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.signs import status_sign


def revision_lines(
    head: RevisionHead,
    payload: Payload,
    redactor: Redactor,
    found: Sequence[Finding] = (),
    hooks: Sequence[Evidence] = (),
) -> Iterator[Cell | Hung]:
    """The lines of a revision's details."""
    sign = status_sign(head.status)
    yield join((sign,), cell(head.status, sign[1]), cell(described(payload, redactor)))
    for each in found:
        yield cell(each.sentence, Tone.SOON)
    yield fact("chart", cell(payload.chart.label))
    yield fact("app version", cell(payload.chart.app_version))
    yield fact("deployed", cell(rfc3339(payload.last_deployed) or "?"))
    yield fact(
        "applied",
        cell(
            {"ssa": "server-side", "csa": "client-side"}.get(
                payload.apply_method, "client-side (helm 3)"
            )
        ),
    )
    yield fact("stored as", cell(head.object_name))
    yield ()
    yield heading("Values that were given")
    if not payload.config:
        yield ((INDENT, Tone.PLAIN), *cell("none: the chart's defaults", Tone.MUTED))
    for line in dump(redactor.mask((), payload.config)).splitlines() if payload.config else ():
        yield ((INDENT + line, Tone.PLAIN),)
    yield ()
    yield heading("Hooks")
    if not payload.hooks:
        yield ((INDENT, Tone.PLAIN), *cell("none", Tone.MUTED))
    known = {id(each.hook): each for each in hooks}
    for hook in sorted(payload.hooks, key=lambda hook: hook.weight):
        yield from _hook_lines(hook, known.get(id(hook)), redactor)


def _hook_lines(hook: Hook, found: Evidence | None, redactor: Redactor) -> Iterator[Cell | Hung]:
    """A hook: when it runs and what takes it away, its last run, and what is left of it."""
    run = hook.last_run
    phase = run.phase if run else "never run"
    when = rfc3339(run.completed or run.started) if run else None
    policies = ", ".join(hook.delete_policies)
    yield fact(
        f"{hook.kind}/{hook.name}",
        join(
            cell(phase, Tone.NOW if phase == "Failed" else Tone.PLAIN),
            cell(when or "", Tone.MUTED),
            cell(", ".join(hook.events), Tone.MUTED),
            cell(f"weight {hook.weight}", Tone.MUTED),
            cell(f"deleted: {policies}" if policies else "never deleted", Tone.MUTED),
        ),
        width=40,
    )
    if found is None:
        return
    deeper = INDENT * 3
    if found.missing:
        yield ((deeper, Tone.PLAIN), *cell(found.missing, Tone.MUTED))
    for line in found.lines:
        yield ((deeper, Tone.PLAIN), *cell(redactor.mask_text(line)))
