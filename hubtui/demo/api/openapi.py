"""OpenAPI, as little of it as makes clients leave validation to the server.

client-go looks for a PATCH of the kind with a parameter `fieldValidation` (kubectl, cli-runtime
`QueryParamVerifierV3`); without it helm and kubectl would want schemas to validate by themselves.
"""

from __future__ import annotations

from hubtui.demo.api.asked import no_such_path
from hubtui.demo.resources import RESOURCES, Resource
from hubtui.demo.storage import Json

_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")


def v2() -> Json:
    """An OpenAPI 2 document without a schema."""
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes (hubtui demo)", "version": "v1.36.3"},
        "paths": {},
        "definitions": {},
    }


def v3_index() -> Json:
    """Which OpenAPI 3 documents there are."""
    paths = dict.fromkeys(_prefix(each) for each in RESOURCES)
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=1"} for path in paths}}


def v3(path: str) -> Json:
    """The document of one API version. Raises RefusedError (404)."""
    found = [each for each in RESOURCES if _prefix(each) == path]
    if not found:
        raise no_such_path()
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes (hubtui demo)", "version": "v1.36.3"},
        "paths": {_path(each): _patch(each) for each in found},
        "components": {"schemas": {}},
    }


def _prefix(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _path(resource: Resource) -> str:
    inside = "namespaces/{namespace}/" if resource.namespaced else ""
    return f"/{_prefix(resource)}/{inside}{resource.plural}/{{name}}"


def _patch(resource: Resource) -> Json:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in _PARAMETERS
    ]
    return {
        "patch": {
            "parameters": parameters,
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": kind,
        }
    }
