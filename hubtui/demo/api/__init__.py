"""The simulated apiserver: the Kubernetes API over HTTP, as far as hubtui, helm and kubectl ask."""
