"""A small apiserver on loopback: lists, objects, logs and refusals, as much as a command asks."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

PLURALS = {
    "Pod": "pods",
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "Job": "jobs",
    "Namespace": "namespaces",
    "Node": "nodes",
    "Event": "events",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Application": "applications",
    "HelmRelease": "helmreleases",
    "Widget": "widgets",
}


@dataclass
class ApiServer:
    """What the server knows: objects, logs, which plurals it refuses, which requests came."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    logs: dict[str, bytes] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    token: str = ""
    silent: threading.Event | None = None
    """With one, a GET is answered once it is set."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    served: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The custom kinds: the resources of each API version, as discovery lists them."""
    dry_runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What a dry run of a patch comes to, by the object's name; no other one is answered."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    deletions: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def start(self) -> ThreadingHTTPServer:
        """Serves in a thread of its own until `shutdown`."""

        class Handler(_Handler):
            api = self

        server = _Server(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def of(self, plural: str, namespace: str, labels: str) -> list[dict[str, Any]]:
        wanted = dict(part.split("=", 1) for part in labels.split(",") if part)
        return [
            thing
            for thing in self.objects
            if PLURALS[thing["kind"]] == plural
            and namespace in ("", thing["metadata"].get("namespace", ""))
            and wanted.items() <= thing["metadata"].get("labels", {}).items()
        ]

    def kubeconfig(self, namespace: str = "hub", token: str = "anyone") -> str:  # noqa: S107
        """A kubeconfig for this server, as YAML."""
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "test",
                "clusters": [{"name": "test", "cluster": {"server": self.url}}],
                "users": [{"name": "test", "user": {"token": token}}],
                "contexts": [
                    {
                        "name": "test",
                        "context": {"cluster": "test", "user": "test", "namespace": namespace},
                    }
                ],
            }
        )


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that goes away in the middle is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    api: ApiServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: stderr belongs to the command that is tested."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        self.api.requests.append(("GET", parts.path, query))
        if self.api.silent is not None:
            self.api.silent.wait(60)
        if self.api.token and self.headers["Authorization"] != f"Bearer {self.api.token}":
            self._refuse(401, "Unauthorized")
        elif parts.path == "/version":
            self._answer({"gitVersion": "v1.36.0"})
        else:
            self._resource(parts.path.strip("/").split("/"), query)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.api.requests.append(("POST", self.path, {}))
        self._answer({"status": {"allowed": True}})

    def do_PATCH(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        self.api.requests.append(("PATCH", parts.path, query))
        answer = self.api.dry_runs.get(parts.path.rpartition("/")[2])
        if answer is None or query.get("dryRun") != "All":
            self._refuse(403, "patch is forbidden")
        else:
            self._answer(answer)

    def do_DELETE(self) -> None:
        options = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.api.requests.append(("DELETE", self.path, {}))
        self.api.deletions.append(options)
        name = self.path.rpartition("/")[2]
        self.api.objects[:] = [each for each in self.api.objects if _name(each) != name]
        self._answer({"kind": "Status", "status": "Success"})

    def _resource(self, path: list[str], query: dict[str, str]) -> None:
        rest = path[2:] if path[0] == "api" else path[3:]
        version = "/".join(path[1:3])
        if "." in path[1] and not path[1].endswith("k8s.io"):
            if version not in self.api.served:
                self._refuse(404, f"the server could not find {version}")
                return
            if not rest:
                self._answer({"resources": self.api.served[version]})
                return
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        plural, *names = rest
        if plural in self.api.denied:
            self._refuse(403, f"{plural} is forbidden")
        elif names[1:] == ["log"]:
            self._send(self.api.logs.get(names[0], b""), "text/plain")
        elif names:
            found = [t for t in self.api.of(plural, namespace, "") if _name(t) == names[0]]
            if found:
                self._answer(found[0])
            else:
                self._refuse(404, f'{plural} "{names[0]}" not found')
        elif query.get("watch"):
            self._watch(plural)
        else:
            items = self.api.of(plural, namespace, query.get("labelSelector", ""))
            _, elsewhere, own = query.get("fieldSelector", "").partition("metadata.namespace!=")
            if elsewhere:
                items = [each for each in items if each["metadata"].get("namespace") != own]
            self._answer({"metadata": {"resourceVersion": "7"}, "items": items})

    def _watch(self, plural: str) -> None:
        self.send_response(200)
        self.end_headers()
        for change in self.api.changes:
            if PLURALS[change["object"]["kind"]] == plural:
                self.wfile.write(json.dumps(change).encode() + b"\n")
                self.wfile.flush()
        threading.Event().wait(30)

    def _refuse(self, code: int, message: str) -> None:
        self._send(json.dumps({"code": code, "message": message}).encode(), code=code)

    def _answer(self, document: object) -> None:
        self._send(json.dumps(document).encode())

    def _send(self, body: bytes, type_: str = "application/json", code: int = 200) -> None:
        self.send_response(code)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _name(thing: dict[str, Any]) -> str:
    return str(thing["metadata"]["name"])
