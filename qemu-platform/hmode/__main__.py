# SPDX-License-Identifier: BSD-2-Clause
"""python3 -m hmode COMMAND [NAME=VALUE]...: what qemu-platform/launch runs."""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"hmode: {sys.executable} is Python {sys.version.split()[0]}, 3.11 or later is needed\n"
             "       set PYTHON to another one, as PYTHON=/usr/bin/python3")

from hmode.cli import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
