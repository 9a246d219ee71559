"""What can go wrong with the testbed itself."""


class TestbedError(RuntimeError):
    """A part of the testbed did not build, start or answer."""

    __test__ = False  # not a test class, whatever its name says to pytest


class MissingToolError(TestbedError):
    """A tool that the machine must bring is absent, so cluster tests cannot run here."""
