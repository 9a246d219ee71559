"""Nouns: frozen structs and pure functions. No I/O, no async, no clock."""
