"""Run inside Pyodide by build.mjs, which sets `archive` (the wheels) and `build` (what names this build)."""

import sys

sys.path.append(archive)  # noqa: F821

from cathode_kernel import warmup
from cathode_kernel.resident import KERNEL

KERNEL.build = build  # noqa: F821
await warmup.warm(KERNEL, archive)  # noqa: F704, F821
del warmup, KERNEL, sys
