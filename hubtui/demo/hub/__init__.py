"""The simulated JupyterHub: its users and their days, its servers' pods, its REST API and metrics.

`hub.Hub` is the hub, `people.People` who uses it, `rest.make_app` what answers on port 8081. It is
a fake: it answers in the shapes of facts.md §3, and starts no notebook.
"""
