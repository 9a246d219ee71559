"""Upgrades of the small release, as tests ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubtui.model.deployment import ChartKind, ChartSource, ValueFile, ValuesMode
from hubtui.model.plan import Check, Outcome, Phase, Plan
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.operation import Operation
from hubtui.services.session import Session
from tests.cluster.small_release import NAME, SmallRelease


def folder(small: SmallRelease) -> ChartSource:
    """The chart as it lies on the disk."""
    return ChartSource(ChartKind.FOLDER, str(small.chart))


async def planned(
    session: Session, *sets: str, mode: ValuesMode = ValuesMode.REUSE, **more: Any
) -> Plan:
    """The plan of an upgrade; without a chart it is that of the running revision."""
    request = UpgradeRequest(mode=mode, set_strings=sets, **more)
    return await session.operations.plan("upgrade", request)


def values(path: Path, text: str) -> tuple[ValueFile, ...]:
    """A file of values that is not encrypted."""
    path.write_text(text)
    return (ValueFile(str(path)),)


def check(plan: Plan, name: str) -> Check:
    """One check by its name."""
    return next(each for each in plan.checks if each.name == name)


async def upgraded(session: Session, plan: Plan, *overrides: str) -> Outcome:
    """Confirms and waits for the end."""
    operation = await session.operations.start(plan, NAME, overrides=overrides)
    return await operation.wait()


async def until(operation: Operation, phase: Phase) -> None:
    """Waits until an operation is there."""
    version = -1
    while operation.progress.phase is not phase:
        assert operation.outcome is None, operation.outcome
        version = await operation.changed(version)
