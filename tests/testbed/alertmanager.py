"""A real Alertmanager (0.25 in Debian 12), which Prometheus sends its alerts to.

It tells nobody of them: its one receiver has no way to anybody. The service that Debian's package
may have started keeps its port (9093) and has nothing to do with this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.testbed.processes import Part
from tests.testbed.prometheus import program, running
from tests.testbed.site import free_port

_CONFIG = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


class Alertmanager:
    """One that runs."""

    def __init__(self, port: int) -> None:
        """Use `alone`."""
        self.url = f"http://127.0.0.1:{port}"

    def alerts(self) -> list[dict[str, Any]]:
        """What was sent to it and has not ended."""
        return list(self._asked("GET", "alerts"))

    def silence(self, **labels: str) -> str:
        """Silences what has these labels for an hour; the silence's id."""
        now = datetime.now(UTC)
        matchers = [{"name": k, "value": v, "isRegex": False} for k, v in labels.items()]
        body = {
            "matchers": matchers,
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "carla",
            "comment": "we know",
        }
        return str(self._asked("POST", "silences", body)["silenceID"])

    def _asked(self, method: str, what: str, body: object = None) -> Any:
        answer = httpx.request(method, f"{self.url}/api/v2/{what}", json=body, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=2).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def alone(folder: Path) -> Iterator[Alertmanager]:
    """One of its own, with nothing in it, while the block lasts."""
    folder.mkdir()
    config = folder / "alertmanager.yml"
    config.write_text(yaml.safe_dump(_CONFIG))
    port = free_port()
    argv = (
        program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",  # it has no peers
        "--log.level=warn",
    )
    found = Alertmanager(port)
    with running(Part("alertmanager", argv, str(folder / "log"), {}), found.ready):
        yield found
