"""Asks a chart's repository or registry what it has; anonymously, as helm does without a login.

Only where helm did not find something: helm itself says no more than that.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import platformdirs

from hubtui.clients.gate import Gate
from hubtui.clients.http import Http
from hubtui.clients.registry import Registries
from hubtui.errors import ApiError, ConfigError, DecodeError, HubtuiError, NotFoundError
from hubtui.model.chart_offers import Offered, in_index, in_tags
from hubtui.model.deployment import ChartKind, ChartSource
from hubtui.model.image_name import image_name
from hubtui.model.origin import origin_of
from hubtui.model.yaml_text import YamlError, load

_OCI = "oci://"


async def offered(gate: Gate, chart: ChartSource) -> Offered:
    """What there is of a chart where it comes from."""
    http = Http(gate)
    try:
        if chart.kind is ChartKind.OCI:
            name = image_name(chart.reference.removeprefix(_OCI))
            return in_tags(await Registries(http).tags(name))
        if chart.repository:
            return await asyncio.to_thread(_index, await _fetched(http, chart.repository), chart)
        return await asyncio.to_thread(_cached, chart)
    except NotFoundError:
        return Offered()
    except HubtuiError as error:
        return Offered(unknown=error.what)
    finally:
        await http.close()


async def _fetched(http: Http, repository: str) -> bytes:
    url = f"{repository.rstrip('/')}/index.yaml"
    try:
        origin = origin_of(url)
    except ValueError as error:
        raise ConfigError(f"{repository} is no address of a repository: {error}") from None
    http.gate.allow_origin(origin)
    answer = await http.get(url, elsewhere=True)
    if not answer.ok:
        raise ApiError(f"{url} answers with HTTP {answer.status}", status=answer.status)
    return answer.body


def _cached(chart: ChartSource) -> Offered:
    """What helm knows of a repository that was added to it: it asks nobody, either."""
    added, slash, _name = chart.reference.partition("/")
    path = Path(platformdirs.user_cache_dir("helm")) / "repository" / f"{added}-index.yaml"
    try:
        return _index(path.read_bytes() if slash else b"", chart)
    except OSError:
        return Offered(unknown=f"helm has no index of a repository {added}: helm repo update")


def _index(content: bytes, chart: ChartSource) -> Offered:
    try:
        found = load(content.decode())
    except (YamlError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise DecodeError("The repository's index.yaml cannot be read")
    return in_index(found, chart.name)
