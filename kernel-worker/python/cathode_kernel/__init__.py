"""Runs a notebook's code through IPython and reports what it puts out.

Everything here is plain Python that works under CPython too: what is particular to the browser
enters through the `Host` that `Kernel.attach` is given.
"""

from .kernel import Kernel

__all__ = ["Kernel"]
