# SPDX-License-Identifier: BSD-2-Clause
"""MRET in S-mode on both QEMUs: exact where the bare machine is, and harmless where its mtval is stale."""

import re

import pytest


def states(run):
    assert not re.findall(r"FAIL .*", run.console), repr(run)
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", run.console, re.M), repr(run)
    return re.findall(r"^note (exact|stale)", run.console, re.M)


@pytest.mark.parametrize("mode", ["tsp", "ssp", "ssp-hm"])
@pytest.mark.parametrize("qemu", ["", "hspt"])
def test_a_guest_is_told_what_the_bare_machine_tells(launch, payloads, mode, qemu):
    options = {"KERNEL": payloads / "hostile-mret.bin", "MEM": "128M", "TIMEOUT": 60} | ({"QEMU": qemu} if qemu else {})
    native, guest = (states(launch(MODE=m, **options)) for m in ("native", mode))
    assert len(native) == 2
    if qemu:
        assert native == ["exact", "exact"]
    assert "stale" in native or guest == native
