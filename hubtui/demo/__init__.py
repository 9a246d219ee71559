"""The embedded cluster: a simulated apiserver with a hub behind it, for `hubtui --demo`.

It speaks as much of the Kubernetes API as hubtui and the real helm binary need, for the kinds of
the chart beside this file, and plays the scheduler, the kubelets, the controllers and the hub. It
is a fake, and says so: DEMO stands on the status line. Nothing in here talks to a real cluster.
"""
