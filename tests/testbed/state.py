"""The record of a testbed's processes, shared by every process that uses the testbed."""

import json
import signal
from collections.abc import Callable

from tests.testbed import processes
from tests.testbed.build import locked
from tests.testbed.errors import TestbedError
from tests.testbed.processes import Part
from tests.testbed.site import Site


class Parts:
    """Starts, stops, kills and restarts the parts of one testbed, and remembers who they are."""

    def __init__(self, site: Site) -> None:
        """The record lies in the testbed's folder."""
        self._site = site
        self._file = site.file("parts.json")

    def all(self) -> dict[str, Part]:
        """The parts by name, in the order of their first start."""
        if not self._file.exists():
            return {}
        rows = json.loads(self._file.read_text())
        return {row["name"]: Part.from_json(row) for row in rows}

    def start(self, part: Part, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Starts a part and waits until it is ready; its last words if it is not."""
        started = self._record(processes.spawn(part))
        waited = processes.wait_for(lambda: ready() or not processes.alive(started), seconds)
        if not waited or not processes.alive(started):
            raise TestbedError(f"{part.name} did not start:\n{processes.tail(part.log)}")

    def again(self, name: str, ready: Callable[[], bool]) -> None:
        """Starts a part that was stopped, exactly as it was."""
        self.start(self.all()[name], ready)

    def stop(self, name: str) -> None:
        """Ends a part and waits for it."""
        processes.end([self.all()[name]])

    def kill(self, name: str) -> None:
        """Kills a part without a word to it."""
        part = self.all()[name]
        processes.send(part, signal.SIGKILL)
        processes.wait_for(lambda: not processes.alive(part), 5)

    def pause(self, name: str) -> None:
        """Stops a part from answering while its connections stay open; `resume` undoes it."""
        processes.send(self.all()[name], signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Lets a paused part go on."""
        processes.send(self.all()[name], signal.SIGCONT)

    def end_all(self) -> None:
        """Ends every part: first those that write to the cluster, then the cluster."""
        parts = list(reversed(self.all().values()))
        for part in parts:
            if processes.alive(part):
                processes.send(part, signal.SIGCONT)
        stores = [part for part in parts if part.name in ("apiserver", "etcd")]
        # The parts hold nothing worth saving, and a kind SIGTERM of the apiserver takes seconds.
        processes.end([part for part in parts if part not in stores], grace=2)
        processes.end(stores, grace=1)

    def _record(self, part: Part) -> Part:
        with locked(self._site.file("parts.lock")):
            rows = {**self.all(), part.name: part}
            new = self._file.with_suffix(".new")
            new.touch(0o600)
            new.write_text(json.dumps([row.as_json() for row in rows.values()], indent=1))
            new.replace(self._file)
        return part
