"""The words of PromQL that are no names of metrics or labels.

Source: Prometheus 2.42, `promql/parser/{lex,functions}.go`; aggregations up to 3.0.
"""

from __future__ import annotations

from typing import Final

LISTS: Final = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
"""Words in front of names of labels in brackets."""

OPERATORS: Final = frozenset({"and", "or", "unless", "atan2"})
BEHIND: Final = OPERATORS | LISTS | {"offset", "bool"}
"""Words that may follow a value."""

AGGREGATIONS: Final = frozenset(
    {
        *("sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values"),
        *("bottomk", "topk", "quantile", "limitk", "limit_ratio"),
    }
)

_OVER: Final = (
    *("avg", "count", "last", "max", "min", "present", "quantile", "stddev", "stdvar", "sum"),
    "absent",
)
FUNCTIONS: Final = frozenset(
    {
        *(f"{name}_over_time" for name in _OVER),
        *("abs", "absent", "ceil", "changes", "clamp", "clamp_max", "clamp_min"),
        *("day_of_month", "day_of_week", "day_of_year", "days_in_month", "delta", "deriv", "exp"),
        *("floor", "histogram_count", "histogram_fraction", "histogram_quantile", "histogram_sum"),
        *("holt_winters", "hour", "idelta", "increase", "irate", "label_join", "label_replace"),
        *("ln", "log10", "log2", "minute", "month", "pi", "predict_linear", "rate", "resets"),
        *("round", "scalar", "sgn", "sort", "sort_desc", "sqrt", "time", "timestamp", "vector"),
        *("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "deg", "rad", "sin"),
        *("sinh", "tan", "tanh", "year"),
    }
)

LENGTHS: Final = ("1m", "5m", "15m", "1h", "6h", "1d", "7d")
"""Lengths of time that are asked for most."""
