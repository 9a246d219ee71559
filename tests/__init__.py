"""The tests of hubtui, and the testbed that they run against."""
