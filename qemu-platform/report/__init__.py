# SPDX-License-Identifier: BSD-2-Clause
"""`make report`: a plan of runs, the page that is made of their records, and the comparison of two builds."""
