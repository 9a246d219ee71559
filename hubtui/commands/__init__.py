"""The commands: what each takes, and which answer of `headless` it asks for."""
