# SPDX-License-Identifier: BSD-2-Clause
"""Fewer roots than there are (ROOTS): every fact of address spaces holds, and only misses become more."""

import pytest

from launcher import PROFILES
from test_payloads import check

# Those that switch between address spaces, or fence some that do not run.
SWITCHING = ["asid", "flush", "ring", "satp", "sharing", "short-ways", "stay"]


@pytest.mark.parametrize("roots, profile", [(1, PROFILES[0]), (1, PROFILES[1]), (2, PROFILES[0])])
@pytest.mark.parametrize("mode", ["ssp", "ssp-hm"])
@pytest.mark.parametrize("name", SWITCHING)
def test_every_fact_holds_with_few_roots(launch, payloads, name, mode, roots, profile):
    check(launch(MODE=mode, ROOTS=roots, PROFILE=profile, KERNEL=payloads / f"{name}.bin", MEM="128M", MARKS=1, TIMEOUT=120), name)


@pytest.mark.parametrize("mode, miss", [("ssp", ("vm_exits", "by_reason", "root_miss")), ("ssp-hm", ("hm_traps", "by_kind", "satp_miss"))])
def test_processes_that_take_turns_miss_where_one_root_is_kept(launch, mode, miss):
    """4,000 switches between two processes."""
    def misses(roots):
        run = launch(MODE=mode, ROOTS=roots, WORKLOAD="pipe")
        result = run.results["pipe"]
        assert run.status == 0 and result["ok"] and result["roots"] == roots, repr(run)
        assert 0 < result["shadow"]["tables_peak"] < result["shadow"]["pool"]
        return result[miss[0]][miss[1]][miss[2]]

    assert misses(1) >= 4000
    assert misses(4) < 40
