# SPDX-License-Identifier: BSD-2-Clause
"""make report, with its options in the environment."""

import os
import signal
import sys

from report import cli

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(cli.main(os.environ))
