"""Everything that is shown over the overview."""
