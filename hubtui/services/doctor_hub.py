"""Whether the hub's API can be used: reached, with whose token, and what that may do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from hubtui.clients.hub_token import ADD_SERVICE
from hubtui.clients.kube import KubeClient
from hubtui.config import Settings
from hubtui.model.hub import Caller
from hubtui.model.hub_scopes import OPERATOR, VIEWER, Use, lacking, values_for_service
from hubtui.services.discovery import Hub
from hubtui.services.doctor_finding import SKIPPED, Finding, Verdict, timed
from hubtui.services.hub_link import HubLink
from hubtui.services.session import Session

API, TOKEN = "hub API", "hub token"
SCOPES: Final = "hub: {}"

_LEVELS: Final = (("viewer", VIEWER), ("operator", OPERATOR))


async def findings(settings: Settings, client: KubeClient, hub: Hub) -> AsyncIterator[Finding]:
    """The ways to the hub's API, one after the other: none of them is needed for all the rest."""
    link = Session(settings, client.context, client, hub, live=False).hub_link
    try:
        reached = await timed(API, _reached(link), Verdict.WARN)
        yield reached
        owners: list[Caller] = []
        found = await timed(TOKEN, _token(link, owners, reached.verdict), Verdict.WARN)
        wanted = ADD_SERVICE in found.remedy
        yield replace(found, snippet=await link.placed(values_for_service())) if wanted else found
        for level, uses in _LEVELS:
            name = SCOPES.format(level)
            if owners:
                yield await _scopes(link, name, uses, owners[0])
            else:
                yield Finding(name, Verdict.WARN, SKIPPED.format("a token that the hub knows"))
    finally:
        await link.close()


async def _reached(link: HubLink) -> Finding:
    version = (await link.info()).version
    return Finding(API, Verdict.OK, f"JupyterHub {version}: {link.where} answers")


async def _token(link: HubLink, owners: list[Caller], reached: Verdict) -> Finding:
    token = await link.token()
    if reached is not Verdict.OK:
        return Finding(TOKEN, Verdict.WARN, f"from {token.source}; whose it is, is not known")
    owner = await link.owner(token)
    owners.append(owner)
    return Finding(TOKEN, Verdict.OK, f"that of the {owner.kind} {owner.name}, from {token.source}")


async def _scopes(link: HubLink, name: str, uses: tuple[Use, ...], owner: Caller) -> Finding:
    missing = lacking(uses, owner.scopes)
    what_for = ", ".join(use.what for use in uses)
    if not missing:
        return Finding(name, Verdict.OK, f"all {len(uses)} scopes: {what_for}")
    words = f"{len(missing)} of {len(uses)} scopes missing: {', '.join(missing)}"
    remedy = f"Where these are wanted, the role of the service {owner.name} has to have them:"
    return Finding(
        name,
        Verdict.WARN,
        f"{words} (for {what_for})",
        remedy,
        snippet=await link.placed(values_for_service()),
    )
