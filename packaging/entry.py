"""Where the packaged program starts; everything else is in grokdesk.app.cli."""

import sys

from grokdesk.app.cli import main

sys.exit(main())
