"""How it looks and which key: everything that imports Textual."""
