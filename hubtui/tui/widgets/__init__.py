"""Widgets that know nothing of hubs: they draw cells, ask their source, and post what was done."""
