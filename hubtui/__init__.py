"""hubtui: day-two operations of JupyterHub on Kubernetes, in a terminal."""

__version__ = "0.1.0"
