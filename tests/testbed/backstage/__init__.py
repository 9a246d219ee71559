"""What stands behind the stage: the parts of a cluster that neither KWOK nor Kubernetes plays."""
