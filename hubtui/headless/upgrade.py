"""`hubtui upgrade`: its options become a request; all else is as for every command that writes."""

from __future__ import annotations

from dataclasses import replace

from hubtui.errors import CheckStopsError
from hubtui.headless.acting import Consent, act
from hubtui.headless.run import Run, opened
from hubtui.model.brought import Cargo
from hubtui.services.actions.prepull_facts import PrepullRequest
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.upgrade_options import Wanted, meant, with_running_chart


async def upgrade(run: Run, wanted: Wanted, consent: Consent, *, prepull: bool = False) -> int:
    """Plans an upgrade, and carries it out with --confirm; with `prepull` the same for the images
    that it would bring.

    Raises UsageError for what is missing, and what reading the folder, the chart and the files
    raises.
    """
    if wanted.only_version:
        async with opened(run) as session:
            wanted = await with_running_chart(session, wanted)
    settings, request = await meant(run.settings, wanted)
    run = replace(run, settings=settings)
    if prepull:
        return await act(run, "prepull", PrepullRequest(cargo=await _cargo(run, request)), consent)
    return await act(run, "upgrade", request, consent)


async def _cargo(run: Run, request: UpgradeRequest) -> Cargo:
    """What the upgrade would bring. Raises CheckStopsError when helm cannot render it."""
    async with opened(run) as session:
        plan = await session.operations.plan("upgrade", request)
    if plan.cargo is None:
        raise CheckStopsError(
            "; ".join(f"{check.name}: {check.evidence}" for check in plan.stops)
            or "The upgrade cannot be rendered",
            meaning="Which images it would bring is not known. Nothing was written.",
        )
    return plan.cargo
