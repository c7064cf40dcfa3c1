"""``python -m bench_models`` is ``bench-models``."""

import sys

from bench_models.cli import main

sys.exit(main())
