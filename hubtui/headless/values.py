"""`values`: what the operator gave, or what came out of it, as YAML and masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hubtui.headless.output import Answer, Note
from hubtui.headless.releases import heads_of
from hubtui.headless.run import Run, ask, scope_of
from hubtui.model.text import safe
from hubtui.model.yaml_text import dump
from hubtui.services.releases import head_of
from hubtui.services.session import Session
from hubtui.services.store import Store
from hubtui.views.cells import Tone


async def values(run: Run, revision: int | None, computed: bool) -> int:
    """The values of a revision, by default of the current one."""

    async def question(session: Session) -> Answer:
        heads = await heads_of(run, session, session.release)
        head = heads[0] if revision is None else head_of(heads, revision)
        payload = await session.releases.payload(head)
        given = merged(payload.defaults, payload.config) if computed else payload.config
        shown = (await session.redactor()).knowing(payload.config).mask((), given)
        notes: tuple[Note, ...] = ()
        if computed and payload.chart.dependencies:
            names = ", ".join(dependency.key for dependency in payload.chart.dependencies)
            notes = (Note("values", f"Helm stores no defaults of the sub-charts {names}"),)
        return Answer(
            kind="values",
            scope=scope_of(session),
            body={"revision": head.revision, "computed": computed, "value": shown},
            lines=lambda _width: [((safe(line), Tone.PLAIN),) for line in dump(shown).split("\n")],
            notes=notes,
        )

    return await ask(run, question, _storage)


def _storage(session: Session) -> Sequence[Store[Any]]:
    return (session.releases.store,)


def merged(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The chart's defaults under the operator's values; a null takes a default away.

    Source: Helm docs, "Values Files", "Deleting a default key".
    """
    result = dict(defaults)
    for key, value in given.items():
        below = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result
