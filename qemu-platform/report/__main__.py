# SPDX-License-Identifier: BSD-2-Clause
"""make report, with its options in the environment."""

import os
import sys

from report import cli

if __name__ == "__main__":
    sys.exit(cli.main(os.environ))
