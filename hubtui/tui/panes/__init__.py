"""The numbered panes of the overview."""
