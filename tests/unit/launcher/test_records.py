# SPDX-License-Identifier: BSD-2-Clause
"""What the launcher takes for a record, on a console that a native guest writes as it likes, and what it makes of the rest."""

import json
import time

import pytest

from hmode import outcome, records, regions, results, run
from hmode.settings import Settings

RECORD = {"mark": 0, "ok": True, "begun": True, "vm_exits": {"total": 3, "memory": 1, "by_reason": {"pool": 1, "mmio": 2}},
          "hm_traps": {"total": 7, "memory": 5, "by_kind": {"fill": 5, "sbi_time": 2}},
          "instructions": {"total": 1100, "guest": None, "host": None, "hm": None},
          "ring": {"entries": 9, "flushes": 4, "hints_used": 3, "hints_lost": 2},
          "shadow": {"tables_peak": 1, "tables_allocated": 2, "tables_recycled": 3, "pool": 4}, "longest_m_stay": 321, "walk_refs": None}
NATIVE = Settings({"WORKLOAD": "boot", "MODE": "native"})


def written(*found):
    return "".join(f"\x1e{each if isinstance(each, str) else json.dumps(each)}\n" for each in found)


@pytest.mark.parametrize("record", [
    RECORD, RECORD | {"vm": 1, "shadow": None, "ring": None, "longest_m_stay": None}, {"end": "shutdown", "vm": 0},
    {"end": "failure", "vm": None}, {key: value for key, value in RECORD.items() if key not in ("begun", "shadow")}])
def test_what_firmware_and_hypervisor_print_is_a_record(record):
    assert records.records(written(record)) == [record]


@pytest.mark.parametrize("text", [
    '{"end":"x","vm":%s}' % ("9" * 6000), '{"end":"x","vm":%s}' % ("[" * 200_000), '{"end":"x","vm":%s%s}' % ("[" * 3000, "]" * 3000),
    '{"end":[]}', '{"end":7}', '{"end":"x","vm":"y"}', '{"mark":0}', '{"mark":[]}', "{}", '{"vm":0}', '{"end":NaN}', "{",
], ids=range(12))
def test_what_is_no_record_is_none(text):
    assert records.records(written(text, {"end": "shutdown", "vm": 0})) == [{"end": "shutdown", "vm": 0}]


@pytest.mark.parametrize("key, value", [
    ("mark", True), ("mark", -1), ("mark", 1.0), ("mark", 1e999), ("ok", 1), ("ok", None), ("begun", "no"), ("vm", []), ("vm_exits", 5),
    ("vm_exits", None), ("vm_exits", {"total": 3}), ("vm_exits", RECORD["vm_exits"] | {"total": 1 << 64}),
    ("vm_exits", RECORD["vm_exits"] | {"total": None}), ("vm_exits", RECORD["vm_exits"] | {"other": 1}),
    ("vm_exits", RECORD["vm_exits"] | {"by_reason": {"\x1b[2J": 1}}), ("vm_exits", RECORD["vm_exits"] | {"by_reason": {"mmio": "1"}}),
    ("hm_traps", "x"), ("hm_traps", RECORD["hm_traps"] | {"by_kind": []}), ("instructions", 7), ("instructions", {"total": "many"}),
    ("instructions", {"total": 7, "guest": {}}), ("ring", {"entries": 1}), ("ring", 5), ("shadow", [1]), ("shadow", {"pool": 1}),
    ("longest_m_stay", "x"), ("walk_refs", {})])
def test_a_record_with_a_value_of_another_kind_is_none(key, value):
    assert records.records(written(RECORD | {key: value})) == []


def test_a_forged_record_between_marks_breaks_nothing():
    """A program adds a mark, and a record of the same mark beside the firmware's."""
    forged = RECORD | {"vm_exits": 5, "hm_traps": "x", "shadow": [1]}
    console = written(RECORD, forged, RECORD)
    pieces = records.results(NATIVE, console)
    result, _, wrong = regions.taken("boot", b"+a\n", pieces, records.begun(console, 0))
    assert wrong is None and result["vm_exits"]["total"] == 6
    assert results.table([result])


def test_of_a_ring_only_numbers_are_taken_that_can_be_any():
    assert records.rings(f"hmwork: fork ring: entries=3 hints={'9' * 6000} commits=1") == {"fork": {"entries": 3, "commits": 1}}


@pytest.mark.parametrize("text", ["hmwork: program ring: " + "a" * (1 << 20), "hmwork: program ring: " + "a=" * (1 << 19)])
def test_a_long_line_of_a_ring_costs_no_more_than_others(text):
    begin = time.process_time()
    outcome.Outcome(0).take(text)
    records.rings(text)
    assert time.process_time() - begin < 3


NO_MPV = "hmcode: mstatus.MPV cannot be written, as in QEMU 10.0.13: no guest runs by the H extension\r\n"
END = written({"end": "shutdown", "vm": 0})


@pytest.mark.parametrize("console, lacks", [
    (NO_MPV, True), ("OpenSBI\r\n" + NO_MPV + "host-hv 0.9.0\r\n" + END, True), ("host-hv 0.9.0\r\n" + NO_MPV + END, False)],
    ids=["alone", "before", "behind"])
def test_only_the_firmware_says_that_hap_cannot_be(tmp_path, console, lacks):
    """A guest that says the same would be left out instead of failing."""
    (tmp_path / "log").write_text(console)
    with pytest.raises((run.RunFailed, run.NoGuestsByH)) as caught:
        run.judge(Settings({"MODE": "hap", "WORKLOAD": "fork"}), console, tmp_path / "log")
    assert isinstance(caught.value, run.NoGuestsByH) == lacks
