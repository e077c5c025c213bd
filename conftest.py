"""The fixtures that plugins' tests use (`gantool_cli` and the like), for every test of this repository.

Where gantool is installed, pytest has them already by its entry point.
"""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # one core each; set before torch is imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ("gantool.testing.fixtures",)
