"""The images that can be pulled beforehand, in rows."""

from __future__ import annotations

import msgspec

from hubtui.model.brought import Brought
from hubtui.model.kube_needs import Node
from hubtui.services.prepull import Spread, Survey
from hubtui.views.cells import plain
from hubtui.views.prepull import headline, image_cells

LAB = Brought("quay.io/x/lab:1", ("singleuser", "profile R"))


def nodes(count: int) -> tuple[Node, ...]:
    named = ({"metadata": {"name": f"n{number}"}} for number in range(count))
    return tuple(msgspec.convert(each, Node) for each in named)


def row(spread: Spread, survey: Survey) -> list[str]:
    return [plain(cell) for cell in image_cells(spread, survey)]


def test_a_row_tells_who_runs_an_image_and_which_nodes_lack_it() -> None:
    spread = Spread(LAB, has=("n0",), lacks=("n1", "n2", "n3", "n4"), unknown=("n5",))
    survey = Survey((spread,), nodes(6))
    assert row(spread, survey) == [
        "quay.io/x/lab:1",
        "singleuser, profile R",
        "▲ 1 of 6",
        "n1, n2, n3 and 1 more; ? n5",
    ]
    words = "6 nodes take a puller, 4 lack an image, 1 does not tell"
    assert plain(headline(survey)) == words


def test_an_image_that_all_have_is_fine_and_one_that_nobody_knows_of_is_unknown() -> None:
    everywhere = Spread(LAB, has=("n0", "n1"))
    assert row(everywhere, Survey((everywhere,), nodes(2)))[2:] == ["● 2 of 2", ""]
    denied = Survey((Spread(LAB),), None, ("nodes: no right to list nodes",))
    assert row(denied.images[0], denied)[2:] == ["?", ""]
    assert plain(headline(denied)) == "nodes: no right to list nodes"
