"""`python -m tests.testbed up | down | status | build`."""

import argparse
import asyncio
import sys
import time

from tests.testbed import places, prometheus
from tests.testbed.build import build_all, say
from tests.testbed.errors import TestbedError
from tests.testbed.load import fill
from tests.testbed.load_hub import fill_hub
from tests.testbed.processes import alive
from tests.testbed.testbed import Testbed


def main() -> int:
    """Does what the command line says; errors are sentences."""
    options = _parser().parse_args()
    try:
        return int(options.run(options))
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="build what is missing and start a testbed")
    up.add_argument("--name", default="default")
    up.add_argument("--load", action="store_true", help="250 nodes, 5,000 user pods, 100 releases")
    up.add_argument("--hub-load", action="store_true", help="5,000 users, 2,000 running servers")
    up.add_argument("--helm", type=int, choices=(3, 4), default=4)
    up.add_argument("--no-hub", action="store_true", help="the bare control plane and its nodes")
    up.set_defaults(run=_up)
    down = commands.add_parser("down", help="end what was started, and nothing else")
    down.add_argument("--name", default="default")
    down.set_defaults(run=_down)
    commands.add_parser("status", help="which testbeds run").set_defaults(run=_status)
    commands.add_parser("build", help="only build").set_defaults(run=_build)
    return parser


def _up(options: argparse.Namespace) -> int:
    start = time.monotonic()
    testbed = Testbed.up(
        options.name,
        with_hub=not options.no_hub,
        helm=options.helm,
        load=options.load or options.hub_load,
    )
    if options.load:
        # As the setup's user: the audit log is for what people do.
        token = testbed.token("testbed-setup")
        asyncio.run(fill(testbed.server, token, testbed.ca_file, progress=say))
    if options.hub_load:
        fill_hub(testbed, progress=say)
    say(f"up in {time.monotonic() - start:.0f} s")
    print(f"export KUBECONFIG={testbed.kubeconfig}")
    print(f"# stop it: python -m tests.testbed down --name {testbed.name}")
    print(f"# logs and kubeconfigs of other users: {testbed.directory}")
    return 0


def _down(options: argparse.Namespace) -> int:
    found = Testbed.find(options.name)
    if found is None:
        say(f"there is no testbed {options.name}")
        return 1
    found.down()
    say(f"{options.name} is down")
    return 0


def _status(_: argparse.Namespace) -> int:
    for folder in sorted(places.runs().iterdir()):
        found = Testbed.find(folder.name) if folder.is_dir() else None
        if found is None:
            continue
        print(f"{found.name}  {found.server}  {found.kubeconfig}")
        for part in found.parts.all().values():
            print(f"  {part.name:<20} {f'pid {part.pid}' if alive(part) else 'ended'}")
    return 0


def _build(_: argparse.Namespace) -> int:
    for part, folder in build_all().folders.items():
        print(f"{part:<12} {folder}")
    for name in prometheus.PACKAGES:
        print(f"{name:<12} {prometheus.program(name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
