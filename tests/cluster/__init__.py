"""Tests against the real control plane of tests.testbed."""
