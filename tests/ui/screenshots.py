"""Pictures of every page, empty state and dialog: `python tests/ui/screenshots.py OUTDIR`."""

import os
import sys
import tempfile
from pathlib import Path

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
