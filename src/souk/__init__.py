"""Souk, a self-hostable AI marketplace. ARCHITECTURE.md is the map of this package."""

import os

__version__ = "0.1.0"

# The one thing done at import: when onnxruntime is itself imported, it decides whether to report to
# its maker (usage events, and a device id kept in the home folder). A marketplace of one's own
# reports to nobody.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
