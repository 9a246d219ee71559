"""Speed and memory of hubtui, beside k9s: `python -m tests.bench`; not part of the test run."""
