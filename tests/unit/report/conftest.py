# SPDX-License-Identifier: BSD-2-Clause
"""Finds what the tests of this folder share, and the check of the documents' prose."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parents[1] / "lint")]
