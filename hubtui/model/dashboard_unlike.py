"""What of a panel is drawn in another way than in Grafana, for the import report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hubtui.model.loose_json import flag, mapping, objects, text, whole

_EVEN: Final = frozenset({"", "linear"})
_FLIPPED: Final = "negative-Y"
_ZERO: Final = "null as zero"


def unlike(panel: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each; panels since Grafana 7, and graphs of 5 to 7."""
    scales = {text(mapping(each).get("type")) for each in _custom(panel, "scaleDistribution")}
    axes = objects(panel.get("yaxes"))
    if scales - _EVEN or any(whole(each.get("logBase"), 1) > 1 for each in axes):
        yield "its axis is logarithmic there, and even here"
    series = [each.get("transform") for each in objects(panel.get("seriesOverrides"))]
    if _FLIPPED in (*_custom(panel, "transform"), *series):
        yield "series that are turned upside down there are not here"
    stacking = {text(mapping(each).get("mode")) for each in _custom(panel, "stacking")}
    if "percent" in stacking or (flag(panel.get("stack")) and flag(panel.get("percentage"))):
        yield "its lines are shares of the whole there, and stand on each other here"
    modes = (panel, *objects(panel.get("seriesOverrides")))
    if any(each.get("nullPointMode") == _ZERO for each in modes):
        yield "its gaps are zeroes there, and gaps here"
    mappings = objects(mapping(panel, "fieldConfig", "defaults").get("mappings"))
    if any(each.get("type") == "regex" for each in mappings):
        yield "texts that stand for patterns are left out"
    if flag(mapping(panel, "options", "reduceOptions").get("values")):
        yield "it shows every value there, and one of each series here"


def _custom(panel: Mapping[str, Any], name: str) -> Iterator[Any]:
    """What `custom.NAME` is, for all fields and for those with a look of their own."""
    config = mapping(panel.get("fieldConfig"))
    yield mapping(config, "defaults", "custom").get(name)
    for override in objects(config.get("overrides")):
        for each in objects(override.get("properties")):
            if each.get("id") == f"custom.{name}":
                yield each.get("value")
