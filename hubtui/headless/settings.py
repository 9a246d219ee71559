"""`config`: the settings in force and where each comes from. Asks no cluster."""

from __future__ import annotations

import msgspec

from hubtui import config
from hubtui.headless.output import Answer, Scope
from hubtui.headless.run import Run
from hubtui.headless.text import fact, fitted
from hubtui.model.yaml_text import scalar
from hubtui.views.cells import Tone, cell
from hubtui.views.grid import table
from hubtui.views.table import Column

_COLUMNS = (
    Column("name", "SETTING", 10),
    Column("value", "VALUE", 10, grow=True),
    Column("source", "FROM", 10, rank=1),
)


def settings(run: Run) -> int:
    """Prints the settings."""
    rows = [
        [cell(origin.name), cell(_shown(origin.value)), cell(origin.source, Tone.MUTED)]
        for origin in run.origins
    ]
    places = {"file": str(config.config_file()), "state": str(config.state_dir())}
    run.out.show(
        Answer(
            kind="config",
            scope=Scope(run.settings.context, run.settings.namespace, run.settings.release),
            body={
                **places,
                "items": [
                    {"name": origin.name, "value": origin.value, "source": origin.source}
                    for origin in run.origins
                ],
            },
            lines=lambda width: [
                *table(_COLUMNS, rows, width),
                (),
                *fitted((fact(name, cell(path)) for name, path in places.items()), width),
            ],
        )
    )
    return 0


_NOTHING: tuple[object, ...] = (None, "", (), [], {})


def _shown(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        given = msgspec.to_builtins(value)
        value = {name: part for name, part in given.items() if part not in _NOTHING}
    return "" if value in _NOTHING else scalar(list(value) if isinstance(value, tuple) else value)
