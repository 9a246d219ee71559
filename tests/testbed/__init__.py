"""A real control plane for the tests: the parts of Kubernetes, a hub, and what starts them.

`python -m tests.testbed up` for a person, `Testbed.up()` for a test. KWOK plays the kubelets,
everything else is the real thing.
"""

from tests.testbed.errors import MissingToolError, TestbedError
from tests.testbed.testbed import Testbed

__all__ = ["MissingToolError", "Testbed", "TestbedError"]
