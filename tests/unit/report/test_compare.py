# SPDX-License-Identifier: BSD-2-Clause
"""Two builds: which rows changed and in which event, and what cannot be compared."""

import json

import pytest

from hmode.messages import Refused
from made import VERSIONS, kept, record, three_rows
from reader import Reader
from report import cli, compare, markdown, page


@pytest.fixture(name="files")
def fixture_files(tmp_path):
    """files(a, b): the comparison of these records, as a page that was read."""
    def write(name, found):
        path = tmp_path / name
        path.write_text("".join(json.dumps(each) + "\n" for each in found) if isinstance(found, list) else json.dumps(found))
        return str(path)

    return lambda a, b: Reader(page.made(compare.page(write("a.json", a), write("b.json", b))))


FORK = record("ssp", "fork", 10_000, {"flush": 30, "hidden_fault": 10}, {"sfence_va": 5})


def test_a_changed_row_names_its_events(files):
    b = record("ssp", "fork", 10_100, {"flush": 20, "hidden_fault": 14}, {"sfence_va": 5, "fill": 1})
    found = files([FORK], [b])
    assert found.errors == []
    assert found.tables["changed"][1:] == [
        ["fork", "ssp", "exits flush −10, exits hidden_fault +4, traps fill +1", "40 → 34", "45 → 40", "+1.00 %"]]
    assert found.tables["sums"][1:] == [["ssp", "1", "40", "34", "−15.0 %", "45", "40", "−11.1 %", "+1.00 %"]]


def test_equal_rows_are_counted(files):
    found = files([FORK, record("ssp", "cow", 500)], [FORK, record("ssp", "cow", 520)])
    assert [row[0] for row in found.tables["changed"][1:]] == ["cow"]
    assert "changed" not in files(three_rows(), three_rows()).tables


def test_instructions_with_spinning_in_them_are_not_compared(files):
    a, b = (record("ssp", "fork", count, {"flush": flush}, harts=2, vcpus=2) for count, flush in ((1000, 1), (3000, 2)))
    assert files([a], [b]).tables["changed"][1][5] == "spinning is in them"


def test_a_row_whose_native_moved_is_marked_and_in_no_mean(files):
    a = [record("native", "hack", 1000), record("native", "gups", 1000), record("native", "once", 1000, moves=0.02),
         record("ssp", "hack", 2000, {"flush": 3}), record("ssp", "gups", 2000), record("ssp", "once", 2000)]
    b = [record("native", "hack", 985), record("native", "gups", 1009), record("native", "once", 1000),
         record("ssp", "hack", 3000, {"flush": 4}), record("ssp", "gups", 2020), record("ssp", "once", 9000)]
    found = files(a, b)
    assert [row[0] for row in found.tables["changed"][1:]] == [
        "hack, moves 1.5 %", "gups", "hack, moves 1.5 %", "gups", "once, moves 2.0 %"]
    assert {row[0]: row[-1] for row in found.tables["sums"][1:]} == {"native": "+0.90 %", "ssp": "+1.00 %"}
    alone = files(a[3:], b[3:])                                         # without native nobody knows
    assert [row[0] for row in alone.tables["changed"][1:]] == ["hack", "gups", "once"]


def test_a_comparison_tells_which_rows_are_in_no_mean(tmp_path):
    for name, count in (("a", 1000), ("b", 1020)):
        (tmp_path / name).write_text(json.dumps(record("native", "hack", count, profile="u74")))
    assert "- hack, u74 moves by 2.0 %." in markdown.made(compare.page(tmp_path / "a", tmp_path / "b"))


def left(found):
    return "not-compared" in found.ids


@pytest.mark.parametrize("name, value", [("kernel", "6.13"), ("qemu", "10.1.0"), ("packages", ["x=2"])])
def test_another_work_is_marked(files, name, value):
    other = FORK | {"versions": VERSIONS | {name: value}}
    b = [other, record("ssp", "cow", 500)]
    a = [FORK | {"versions": VERSIONS | {"packages": ["x=1"]}}, record("ssp", "cow", 500)]
    found = files(a, b)
    assert left(found) and found.tables["sums"][1][1] == "1"


@pytest.mark.parametrize("name, value", [("command", ["sqlite3", "2"]), ("warm", 0)])
def test_a_program_that_did_something_else_is_marked(files, name, value):
    mine = {"command": ["sqlite3", "1"], "warm": 1}
    cow = record("ssp", "cow", 500)
    found = files([FORK | {"program": mine}, cow], [FORK | {"program": mine | {name: value}}, cow])
    assert left(found) and found.tables["sums"][1][1] == "1"
    assert not left(files([FORK | {"program": mine}, cow], [FORK | {"program": mine}, cow]))


@pytest.mark.parametrize("broken", [{"vm_exits": {}}, {"vm_exits": None}, {"hm_traps": {"total": 1, "memory": 1}},
                                    {"icount": ...}, {"program": "x"}, {"versions": [["a", 1]]}, {"harts": [1]}, {"svadu": [1]},
                                    {"vm_exits": {"total": 1, "memory": 1, "by_reason": [["flush", 1]]}},
                                    {"hm_traps": {"total": "x", "memory": 1, "by_kind": {}}},
                                    {"versions": [1]}, {"instructions": None}, {"workload": ...}, {"harts": ...}])
def test_a_record_that_is_none_is_refused(files, broken):
    made = {name: value for name, value in (FORK | broken).items() if value is not ...}
    with pytest.raises(Refused):
        files([made], [FORK])


def test_a_row_may_be_called_runs(files):
    assert not left(files([FORK | {"workload": "runs"}], [FORK | {"workload": "runs"}]))


def test_another_firmware_is_what_is_compared(files):
    found = files([FORK], [FORK | {"versions": VERSIONS | {"commit": "ba9876543210", "compiler": "gcc 14"}}])
    assert not left(found)
    assert ["commit", "0123456789ab", "ba9876543210"] in found.tables["versions"]


def test_wrong_answers_and_lone_rows_are_marked(files):
    cow = record("ssp", "cow", 500)
    assert left(files([FORK, cow], [FORK | {"ok": False}, cow]))
    assert left(files([FORK, cow], [cow])) and left(files([cow], [cow, FORK]))


def test_pages_of_another_size_are_another_row(files):
    a = [record("hap", "fork", 1000), record("hap", "fork", 1200, {"g_stage_fault": 9}, hostpages="4k")]
    assert not left(files(a, a)) and files(a, a).tables["sums"][1][:2] == ["hap", "1"]


def test_another_number_of_roots_is_another_row(files):
    a = [record("ssp", "fork", 1000), record("ssp", "fork", 1500, {"root_miss": 9}, roots=1)]
    assert not left(files(a, a))
    assert [row[0] for row in files(a, a).tables["sums"][1:]] == ["ssp", "ssp, ROOTS=1"]
    assert left(files([a[0]] + [record("ssp", "cow", 10)], [a[1], record("ssp", "cow", 10)]))


def test_a_record_without_roots_had_sixteen(files):
    a = record("ssp", "fork", 1000)
    old = {name: value for name, value in a.items() if name != "roots"}
    assert files([old], [a, record("ssp", "fork", 1500, roots=4)]).tables["sums"][1][:2] == ["ssp", "1"]


def test_a_record_from_before_the_new_keys_is_compared(files):
    old = json.loads(json.dumps({name: value for name, value in FORK.items() if name not in ("versions", "svvptc", "roots", "hostpages")}))
    del old["vm_exits"]["by_reason"]["instruction"]         # a reason that was added later
    found = files([old], [FORK])
    assert not left(found) and "changed" not in found.tables


@pytest.mark.parametrize("a", [[], "no json", [{"event": "fill"}], [FORK | {"schema": 2}], {"schema": 1, "runs": [kept("x", "y", [])]},
                               [record("tsp", "fork", 10)], [FORK | {"ok": False}]])
def test_what_cannot_be_compared_is_refused(files, a):
    with pytest.raises(Refused):
        files(a, [FORK])


def test_the_command_prints_and_writes_the_comparison(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).write_text(json.dumps(three_rows()))
    assert cli.main({"A": str(tmp_path / "a"), "B": str(tmp_path / "b"), "FOLDER": str(tmp_path / "out")}) == 0
    assert "12 of 12 rows are equal" in capsys.readouterr().out
    assert (tmp_path / "out/compare.html").exists()
