"""Makes the pictures of the README from the demo: `python -m tests.screenshots`."""
