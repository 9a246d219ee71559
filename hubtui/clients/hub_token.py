"""The token for the hub: from the environment, a file or a command, and never shown.

Where none is named, the one that the chart makes for `hub.services.hubtui` is taken from the
release's Secret, or from `hub.existingSecret`, whose keys win (facts.md §1.5).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hubtui import config
from hubtui.clients.kube import KubeClient
from hubtui.clients.token import Named, checked, read_named
from hubtui.errors import ApiError, ConfigError
from hubtui.model.kinds import SECRETS

VARIABLE: Final = "HUBTUI_HUB_TOKEN"
SERVICE_KEY: Final = "hub.services.hubtui.apiToken"

ADD_SERVICE: Final = (
    "Add the service hubtui to the release's values: `hubtui doctor` and the README show it."
)


@dataclass(frozen=True, slots=True)
class HubToken:
    """A token, and in words where it comes from."""

    value: str = field(repr=False)
    source: str


async def read(
    settings: config.HubApi,
    client: KubeClient,
    namespace: str,
    secrets: Sequence[str],
    environ: Mapping[str, str] = os.environ,
) -> HubToken:
    """The token: the first that is named, else that of the first of the Secrets that has one.

    Raises ConfigError where there is none, ToolError for a command that fails, UnreachableError.
    """
    names = Named(VARIABLE, "hub", settings.token_file, settings.token_command)
    named = await read_named(names, environ)
    if named:
        return HubToken(named, names.source(environ))
    return await _of_release(client, namespace, secrets)


async def _of_release(client: KubeClient, namespace: str, secrets: Sequence[str]) -> HubToken:
    unread: list[tuple[str, ApiError]] = []
    for secret in secrets:
        try:
            found = await client.get(SECRETS, namespace, secret)
        except ApiError as error:
            unread.append((secret, error))
            continue
        if value := found.data.get(SERVICE_KEY):
            return _decoded(value, f"Secret {secret}")
    for secret, why in unread:
        raise ConfigError(
            f"There is no token for the hub: Secret {secret} cannot be read ({why.what})",
            remedy=f"Set {VARIABLE}, hub.token_file or hub.token_command.",
        ) from why
    raise ConfigError(
        f"There is no token for the hub: Secret {' and '.join(secrets)} has no key {SERVICE_KEY}",
        remedy=ADD_SERVICE,
    )


def _decoded(value: str, source: str) -> HubToken:
    try:
        return HubToken(checked(base64.b64decode(value).decode(), source), source)
    except ValueError:
        raise ConfigError(f"{source}: {SERVICE_KEY} holds no token") from None
