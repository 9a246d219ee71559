"""The questions and verbs of the screen as commands: tables, plain text or JSON."""
