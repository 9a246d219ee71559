"""`hubtui upgrade`: its options become a request; all else is as for every command that writes."""

from __future__ import annotations

from dataclasses import replace

from hubtui.headless.acting import Consent, act
from hubtui.headless.run import Run, opened
from hubtui.services.upgrade_options import Wanted, meant, with_running_chart


async def upgrade(run: Run, wanted: Wanted, consent: Consent) -> int:
    """Plans an upgrade, and carries it out with --confirm.

    Raises UsageError for what is missing, and what reading the folder, the chart and the files
    raises.
    """
    if wanted.only_version:
        async with opened(run) as session:
            wanted = await with_running_chart(session, wanted)
    settings, request = await meant(run.settings, wanted)
    return await act(replace(run, settings=settings), "upgrade", request, consent)
