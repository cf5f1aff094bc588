# SPDX-License-Identifier: BSD-2-Clause
"""The launcher: options, the machine that they describe, its run, and what is made of its records."""
