"""`image` and `image plan`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hubtui.headless.output import Answer, Note, Scope
from hubtui.headless.releases import heads_of
from hubtui.headless.run import Run, ask, scope_of
from hubtui.headless.text import fact, fitted
from hubtui.model.age import rfc3339
from hubtui.model.image_name import image_name
from hubtui.model.release import in_force
from hubtui.model.text import safe
from hubtui.services.image_plan import ImagePlan, planned
from hubtui.services.images import NOT_ASKED, ReleaseImage, asked, images_of
from hubtui.services.session import Session
from hubtui.services.store import Store, utc_now
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.grid import table
from hubtui.views.images import COLUMNS, image_cells, repository


async def images(run: Run, *, registry: bool) -> int:
    """The images of the deployed revision; with `registry` what their registries tell, too."""

    async def question(session: Session) -> Answer:
        heads = await heads_of(run, session, session.release)
        head = in_force(heads) or heads[0]
        payload = await session.releases.payload(head)
        found = await images_of(payload, await session.redactor())
        if registry:
            found = await asked(found, session.gate)
        now = utc_now()
        rows = [image_cells(each, now) for each in found]
        return Answer(
            kind="image",
            scope=scope_of(session),
            body={"revision": head.revision, "items": [_shape(each) for each in found]},
            lines=lambda width: table(COLUMNS, rows, width),
            notes=_notes(found),
        )

    return await ask(run, question, _storage)


def _storage(session: Session) -> Sequence[Store[Any]]:
    return (session.releases.store,)


def _notes(found: Sequence[ReleaseImage]) -> tuple[Note, ...]:
    if any(each.unknown == NOT_ASKED for each in found):
        return (Note("images", f"when they were built is unknown: {NOT_ASKED} (--registry asks)"),)
    return tuple(Note(each.image, each.unknown) for each in found if each.unknown)


def _shape(each: ReleaseImage) -> dict[str, Any]:
    name, facts = image_name(each.image), each.facts
    return {
        "image": each.image,
        "repository": repository(name),
        "tag": name.tag,
        "digest": name.digest or (facts.digest if facts else ""),
        "used_by": list(each.used_by),
        "built": rfc3339(facts.built) if facts else None,
        "unknown": each.unknown,
        "size_bytes": facts.size if facts else None,
        "platform": facts.platform if facts else "",
        "origin": facts.origin if facts else "",
        "labels": dict(facts.labels) if facts else {},
    }


async def image_plan(run: Run, folder: Path) -> int:
    """What repo2docker would build from a folder. Asks no cluster, builds nothing."""
    plan = await planned(folder)
    run.out.show(
        Answer(
            kind="image-plan",
            scope=Scope(),
            body={
                "value": {
                    "folder": plan.folder,
                    "buildpack": plan.buildpack,
                    "base": plan.base,
                    "repo2docker": plan.version,
                    "files": list(plan.files),
                    "said": list(plan.said),
                    "dockerfile": plan.dockerfile,
                }
            },
            lines=lambda width: _plan_lines(plan, width),
        )
    )
    return 0


def _plan_lines(plan: ImagePlan, width: int) -> list[Cell]:
    facts = {
        "folder": plan.folder,
        "buildpack": plan.buildpack or "?",
        "base": plan.base or "?",
        "files": ", ".join(plan.files) or "none that it knows: an image with Python alone",
        "by": f"repo2docker {plan.version or '?'}",
    }
    told = [fact(name, cell(words)) for name, words in facts.items()]
    said = [fact("", cell(words, Tone.MUTED)) for words in plan.said]
    text = [((safe(line), Tone.PLAIN),) for line in plan.dockerfile.rstrip().split("\n")]
    return [*fitted([*told, *said], width), (), *text]
