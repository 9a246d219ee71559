"""Servers of a test's own, started and stopped by hubtui's own operations."""

from __future__ import annotations

from datetime import datetime

from hubtui.model.hub import ServerKey
from hubtui.model.plan import Outcome, Plan, Result
from hubtui.services.actions.start import StartRequest
from hubtui.services.actions.stop import StopRequest
from hubtui.services.operations import Operation
from hubtui.services.session import Session
from tests.cluster.guests import server_of


async def running(session: Session, *names: str) -> dict[str, datetime | None]:
    """Has servers started; when each of them began."""
    began = {}
    for name in names:
        plan = await session.operations.plan("start", StartRequest(ServerKey(name)))
        outcome = await (await session.operations.start(plan, plan.confirm)).wait()
        assert outcome.result is Result.OK, outcome
        server = await server_of(session, ServerKey(name))
        assert server is not None
        began[name] = server.started
    return began


async def planned(session: Session, *names: str) -> Plan:
    keys = tuple(map(ServerKey.parse, names))
    return await session.operations.plan("stop", StopRequest(keys))


async def stopped(session: Session, plan: Plan) -> Outcome:
    return await (await session.operations.start(plan, plan.confirm)).wait()


async def where(operation: Operation, name: str, words: str) -> None:
    """Waits until a server is at a point of its way."""
    while not any(s.name == name and words in s.reason for s in operation.progress.steps):
        await operation.changed(operation.version)
