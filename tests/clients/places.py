"""Where the programs are that the tests start; `make test-clients` says it in the environment."""

import os
import sys
from pathlib import Path

GROKDESK_PYTHON = os.environ.get("CLIENTS_GROKDESK_PYTHON", "")
NODE_MODULES = Path(os.environ.get("CLIENTS_NODE_MODULES", ""))
AIDER_VENV = Path(os.environ.get("CLIENTS_AIDER_VENV") or "nowhere")


def site_packages() -> list[str]:
    """The packages of this environment, and those of aider's."""
    return [*sys.path, *map(str, AIDER_VENV.glob("lib/python3*/site-packages"))]
