"""The token for the hub: from the environment, a file or a command, and never shown.

Where none is named, the one that the chart makes for `hub.services.hubtui` is taken from the
release's Secret (facts.md §1.5).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
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


async def read(
    settings: config.HubApi,
    client: KubeClient,
    namespace: str,
    secret: str,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """The token: the first that is named, else the one of the Secret `secret` of the release.

    Raises ConfigError where there is none, ToolError for a command that fails, DeniedError,
    UnreachableError.
    """
    names = Named(VARIABLE, "hub", settings.token_file, settings.token_command)
    named = await read_named(names, environ)
    return named or await _of_release(client, namespace, secret)


async def _of_release(client: KubeClient, namespace: str, secret: str) -> str:
    try:
        found = await client.get(SECRETS, namespace, secret)
    except ApiError as error:
        raise ConfigError(
            f"There is no token for the hub: Secret {secret} cannot be read ({error.what})",
            remedy=f"Set {VARIABLE}, hub.token_file or hub.token_command.",
        ) from error
    value = found.data.get(SERVICE_KEY, "")
    if not value:
        raise ConfigError(
            f"There is no token for the hub: Secret {secret} has no key {SERVICE_KEY}",
            remedy=ADD_SERVICE,
        )
    source = f"{SERVICE_KEY} of Secret {secret}"
    try:
        return checked(base64.b64decode(value).decode(), source)
    except ValueError:
        raise ConfigError(f"{source} holds no token") from None
