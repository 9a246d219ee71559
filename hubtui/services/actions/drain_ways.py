"""The three ways to empty a node side by side, for who has not chosen yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hubtui.model.plan import Check, Plan
from hubtui.services.actions import ActionSession, drain_facts
from hubtui.services.actions.drain import plan_of
from hubtui.services.actions.drain_choice import IDLE, PATIENCE, DrainRequest, Way
from hubtui.services.actions.drain_eta import Eta, eta
from hubtui.services.actions.drain_facts import Aboard, Facts
from hubtui.services.actions.drain_words import TITLES, words_of


@dataclass(frozen=True, slots=True)
class Offer:
    """One way: its plan, how many servers it stops and evicts, how many further pods it evicts, and
    when those that it waits for are gone."""

    request: DrainRequest
    plan: Plan
    stops: int
    evicts: int
    eta: Eta

    @property
    def title(self) -> str:
        return TITLES[self.request.way]

    @property
    def blocked(self) -> tuple[Check, ...]:
        """What stops it."""
        return self.plan.stops

    @property
    def command(self) -> str:
        """The same without a screen; it prints the plan first."""
        return " ".join(["hubtui", *words_of(self.request)])


@dataclass(frozen=True, slots=True)
class Survey:
    """A node, who is on it, and the ways to empty it."""

    facts: Facts
    offers: tuple[Offer, ...]

    @property
    def node(self) -> str:
        return self.facts.name

    @property
    def servers(self) -> Sequence[Aboard]:
        return self.facts.servers


async def survey(
    session: ActionSession,
    node: str,
    idle: float = IDLE,
    patience: float = PATIENCE,
    before: Facts | None = None,
) -> Survey:
    """Plans all ways; only reads. `before` is what an earlier one has read.

    Raises NotFoundError when there is no such node, DeniedError, UnreachableError.
    """
    facts = await drain_facts.read(session, node, before)
    requests = [DrainRequest(facts.name, way, idle, patience) for way in Way]
    offers = await asyncio.gather(*(_offer(session, facts, each) for each in requests))
    return Survey(facts, tuple(offers))


async def _offer(session: ActionSession, facts: Facts, request: DrainRequest) -> Offer:
    plan = await plan_of(session, facts, request)
    choice = plan.choice
    stops, evicts = len(choice.stops), len(choice.evicted)
    return Offer(request, plan, stops, evicts, eta(choice.waits))
