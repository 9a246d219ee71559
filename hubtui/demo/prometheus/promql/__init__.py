"""The query language of Prometheus 2.42, as much of it as dashboards and operators use: a lexer, a
parser with Prometheus' own words for what is wrong, and an evaluator over whole ranges at once."""
