"""Whom we talk to: the only room that imports kubernetes, httpx, pyhelm3, or starts a process."""
