"""The one kernel of this process: made by the first import, and kept by a snapshot."""

from .kernel import Kernel

KERNEL = Kernel()
