"""The fixtures that plugins' tests use (`gantool_cli` and the like), for every test of this repository.

Where gantool is installed, pytest has them already by its entry point.
"""

pytest_plugins = ("gantool.testing.fixtures",)
