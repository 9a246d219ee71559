"""What the real helm stored of the scenarios' releases; `python -m hubtui.demo.seed` makes it."""
