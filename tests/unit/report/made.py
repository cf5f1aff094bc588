# SPDX-License-Identifier: BSD-2-Clause
"""Small records and reports for the tests of this folder, whose figures can be computed by hand."""

from hmode import modes
from hmode.abi import REASONS, TRAPS

VERSIONS = {"hmode": "0.9.0", "commit": "0123456789ab", "changed": None, "qemu": "10.0.2", "kernel": "6.12", "compiler": "gcc 12.2.0",
            "packages": []}


def record(mode, workload, instructions, exits=None, traps=None, **more):
    """exits, traps: by reason and by kind, those for memory."""
    exits, traps = exits or {}, traps or {}
    by_reason = dict.fromkeys((reason.key for reason in REASONS), 0) | exits
    by_kind = dict.fromkeys((kind.key for kind in TRAPS), 0) | traps
    return {"schema": 1, "mode": mode, "hm": modes.MODES[mode], "guest": "debian", "workload": workload, "profile": "virt",
            "vcpus": 1, "harts": 1, "icount": True, "svadu": "0", "svvptc": True, "roots": 16, "hostpages": "max", "ok": True,
            "vm_exits": {"total": sum(exits.values()) + 1, "memory": sum(exits.values()), "by_reason": by_reason},
            "hm_traps": {"total": sum(traps.values()) + 2, "memory": sum(traps.values()), "by_kind": by_kind},
            "instructions": {"total": instructions, "guest": instructions, "host": 0, "hm": 0}, "longest_m_stay": 1,
            "walk_refs": None, "ring": None, "shadow": None, "guest_ring": None, "versions": VERSIONS} | more


def kept(run, part, results, failed=None, kind="workloads"):
    return {"run": run, "part": part, "kind": kind, "command": f"make run {run}", "key": {}, "seconds": 1, "failed": failed,
            "results": results}


def events(mode, **each):
    """Each event was made ten times."""
    return kept(f"events-{mode}", "events", [{"event": name.replace("_", "-"), "instructions": 10 * one, "count": 10}
                                             for name, one in each.items()], kind="events")


def three_rows():
    """Three workloads in four modes, and what an event costs in two of them."""
    return {"schema": 1, "runs": [
        kept("virt-native", "virt", [record("native", "fork", 1000), record("native", "cow", 2000), record("native", "chase", 500)]),
        kept("virt-tsp", "virt", [
            record("tsp", "fork", 2000, {"flush": 30, "true_fault": 10}), record("tsp", "cow", 8000, {"true_fault": 100, "pt_write": 60}),
            record("tsp", "chase", 500)]),
        kept("virt-ssp", "virt", [
            record("ssp", "fork", 1500, {"true_fault": 10, "hidden_fault": 20}, {"sfence_va": 5}),
            record("ssp", "cow", 4000, {"true_fault": 100, "hidden_fault": 20}), record("ssp", "chase", 500)]),
        kept("virt-ssp-hm", "virt", [
            record("ssp-hm", "fork", 1100, traps={"fill": 4, "true_fault": 10}), record("ssp-hm", "cow", 2200, traps={"fill": 12}),
            record("ssp-hm", "chase", 500)]),
        events("native", fill=4, true_fault=126, vm_exit=514),
        events("ssp-hm", fill=14, true_fault=131, vm_exit=900),
    ]}
