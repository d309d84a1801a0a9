"""`python -m grokdesk`."""

import sys

from grokdesk.app.cli import main

sys.exit(main())
