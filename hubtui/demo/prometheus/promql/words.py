"""The words of PromQL: operators, aggregations, functions and what those take.

Source: Prometheus 2.42, promql/parser/{lex,functions}.go.
"""

from __future__ import annotations

from typing import Final, NamedTuple

AGGREGATIONS: Final = frozenset(
    {
        *("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"),
        *("topk", "bottomk", "count_values", "quantile"),
    }
)
WITH_PARAMETER: Final = frozenset({"topk", "bottomk", "count_values", "quantile"})
KEYWORDS: Final = frozenset(
    {"offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool"}
)
WORD_OPERATORS: Final = frozenset({"and", "or", "unless", "atan2"})
NUMBERS: Final = {"inf": float("inf"), "nan": float("nan")}

PRECEDENCE: Final = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(("==", "!=", "<=", "<", ">=", ">"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
UNARY: Final = 5
"""A sign binds like a product: `-a ^ b` is `-(a ^ b)`, `-a + b` is `(-a) + b`."""

COMPARISONS: Final = frozenset({"==", "!=", "<=", "<", ">=", ">"})
SETS: Final = frozenset({"and", "or", "unless"})

SCALAR: Final = "scalar"
VECTOR: Final = "instant vector"
RANGE: Final = "range vector"
STRING: Final = "string"


class Function(NamedTuple):
    """The types of its arguments and of its answer; the last `optional` may be left out, and
    any number of the last may be given with -1."""

    takes: tuple[str, ...]
    gives: str = VECTOR
    optional: int = 0


_OVER: Final = ("avg", "count", "last", "max", "min", "present", "stddev", "stdvar", "sum")
_EACH: Final = (
    *("abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg"),
    *("exp", "floor", "ln", "log10", "log2", "rad", "sgn", "sin", "sinh", "sqrt", "tan", "tanh"),
)
_TIMES: Final = (
    *("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute"),
    *("month", "year"),
)
_RATES: Final = ("changes", "delta", "deriv", "idelta", "increase", "irate", "rate", "resets")

FUNCTIONS: Final[dict[str, Function]] = {
    **{f"{name}_over_time": Function((RANGE,)) for name in _OVER},
    **{name: Function((RANGE,)) for name in _RATES},
    **{name: Function((VECTOR,)) for name in _EACH},
    **{name: Function((VECTOR,), optional=1) for name in _TIMES},
    "absent": Function((VECTOR,)),
    "absent_over_time": Function((RANGE,)),
    "clamp": Function((VECTOR, SCALAR, SCALAR)),
    "clamp_max": Function((VECTOR, SCALAR)),
    "clamp_min": Function((VECTOR, SCALAR)),
    "histogram_quantile": Function((SCALAR, VECTOR)),
    "label_join": Function((VECTOR, STRING, STRING, STRING), optional=-1),
    "label_replace": Function((VECTOR, STRING, STRING, STRING, STRING)),
    "pi": Function((), SCALAR),
    "predict_linear": Function((RANGE, SCALAR)),
    "quantile_over_time": Function((SCALAR, RANGE)),
    "round": Function((VECTOR, SCALAR), optional=1),
    "scalar": Function((VECTOR,), SCALAR),
    "sort": Function((VECTOR,)),
    "sort_desc": Function((VECTOR,)),
    "time": Function((), SCALAR),
    "timestamp": Function((VECTOR,)),
    "vector": Function((SCALAR,)),
}
UNKNOWN_HERE: Final = frozenset(
    {"holt_winters", "histogram_count", "histogram_fraction", "histogram_sum"}
)
"""Functions of Prometheus that this one does not have."""
