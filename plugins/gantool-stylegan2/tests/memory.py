"""The memory that reading a file takes."""

import sys


def most_memory():
    """The most bytes that the process had so far; 0 where that is not known."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
