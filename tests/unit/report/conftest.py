# SPDX-License-Identifier: BSD-2-Clause
"""Finds what the tests of this folder share."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
