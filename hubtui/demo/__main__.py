"""`python -m hubtui.demo`: the process of a demo, which `launch` starts."""

from __future__ import annotations

from hubtui.demo.process import main

if __name__ == "__main__":
    main()
