# SPDX-License-Identifier: BSD-2-Clause
"""Regions that programs mark: sums of the pieces between marks, where they overlap, and what is refused of marks."""

import json
import os
import pathlib
import subprocess

import pytest

from hmode import modes, records, regions, results
from hmode.settings import Settings

ROOT = pathlib.Path(__file__).resolve().parents[3]
HEADER = ROOT / "qemu-platform/include/hm-mark.h"


def piece(number, mode="ssp", ok=True, stay=5):
    """Of which each figure tells which one it is: a sum tells which ones it is made of."""
    figure = 10 ** number
    return {"workload": "x", "mode": mode, "hm": modes.MODES[mode], "guest": "debian", "ok": ok, "longest_m_stay": stay,
            "vm_exits": {"total": figure, "memory": figure, "by_reason": {"flush": figure}},
            "hm_traps": {"total": figure, "memory": figure, "by_kind": {}},
            "instructions": {"total": figure, "guest": None}, "ring": None}


def taken(text, pieces=None, begun=None, **more):
    marks = text.split()
    pieces = len(marks) + 1 if pieces is None else pieces
    told = "".join(f"{mark}\n" for mark in marks).encode()
    return regions.taken("x", told, [piece(number, **more) for number in range(pieces)], begun or [True] * pieces)


def totals(text):
    _, found, wrong = taken(text)
    assert wrong is None
    return [(each["workload"], each["instructions"]["total"], each["region"]["number"], each["region"]["depth"]) for each in found]


def test_tables_of_pieces_have_the_highest_peak():
    def told(peak, allocated):
        return {"shadow": {"tables_peak": peak, "tables_allocated": allocated, "tables_recycled": 1, "pool": 100}}

    assert regions.summed([piece(0) | told(20, 3), piece(1) | told(30, 4), piece(2) | told(25, 5)])["shadow"] == {
        "tables_peak": 30, "tables_allocated": 12, "tables_recycled": 3, "pool": 100}
    assert regions.summed([piece(0), piece(1) | told(30, 4)])["shadow"] is None


@pytest.mark.parametrize("text, found", [
    ("", []), ("+a -a", [("x/a", 10, 0, 1)]), ("+a -a +a -a", [("x/a", 10, 0, 1), ("x/a", 1000, 1, 1)]),
    ("+a +b -b -a", [("x/b", 100, 0, 2), ("x/a", 1110, 0, 1)]), ("+a ~ -a", [("x/a", 110, 0, 1)]), ("~", []),
    ("+a +b", [("x/b", 100, 0, 2), ("x/a", 110, 0, 1)]),
])
def test_a_region_is_the_sum_of_its_pieces(text, found):
    assert totals(text) == found


def test_the_program_is_the_sum_of_all():
    result, _, _ = taken("+a -a")
    assert result["instructions"] == {"total": 111, "guest": None} and result["vm_exits"]["by_reason"] == {"flush": 111}
    assert result["ring"] is None and result["longest_m_stay"] == 5 and "region" not in result
    assert taken("+a -a", stay=None)[0]["longest_m_stay"] is None and taken("+a", ok=False)[0]["ok"] is False


def test_the_longest_stay_is_that_of_any_piece():
    assert regions.summed([piece(0, stay=3), piece(1, stay=9), piece(2, stay=4)])["longest_m_stay"] == 9


DEEP = " ".join(f"+n{number}" for number in range(16))


@pytest.mark.parametrize("text, wrong", [
    ("-a", "mark 1 ends 'a' where none is open"), ("+a -b", "mark 2 ends 'b' where 'a' is open"),
    ("+a +b -a -a", "mark 4 ends 'a' where 'b' is open"), ("+a +a", "mark 2 begins 'a', which is open"),
    ("+a/b", "mark 1 has no name"), ("+", "mark 1 has no name"), ("a", "mark 1 has no name"), ("+" + "a" * 33, "mark 1 has no name"),
    ("+\x1b", "mark 1 has no name"), (DEEP + " +more", "mark 17 begins 'more' in 16 others"),
])
def test_marks_that_are_wrong(text, wrong):
    result, found, told = taken(text)
    assert wrong in told and found == [] and result["workload"] == "x"


@pytest.mark.parametrize("text, found", [
    ("+a +b -a -b", [("x/a", 110, 1, ["b"]), ("x/b", 1100, 2, ["a"])]),
    ("+a +b +c -b -a -c", [("x/b", 1100, 2, ["c"]), ("x/a", 11110, 1, ["c"]), ("x/c", 111000, 3, ["a", "b"])]),
    ("+a +b -b +c -a -c", [("x/b", 100, 2, []), ("x/a", 11110, 1, ["c"]), ("x/c", 110000, 2, ["a"])]),
    ("+a +b -a +a", [("x/a", 110, 1, ["b"]), ("x/a", 10000, 2, []), ("x/b", 11100, 2, ["a"])]),
])
def test_regions_that_overlap_are_whole_each_and_say_so(text, found):
    """As of two processes, neither of which knows of the other."""
    _, regions_of_it, wrong = taken(text)
    assert wrong is None
    assert [(each["workload"], each["instructions"]["total"], each["region"]["depth"], each["region"]["overlaps"])
            for each in regions_of_it] == found


def test_a_table_says_what_overlaps():
    result, found, _ = taken("+a +b -a -b")
    assert results.table([result, *found])[-2:] == ["", "x/a and x/b overlap: what happened in both is counted in both"]
    result, found, _ = taken("+a +b -b -a")
    assert not any("overlap" in line for line in results.table([result, *found]))


def test_marks_at_the_same_moment_make_no_figure():
    result, found, wrong = taken("+a +b -a -b", begun=[True, True, False, True, True])
    assert "mark 3 was made at the same moment as another one" in wrong and found == [] and result["instructions"]["total"] == 10000


def test_sixteen_may_lie_in_each_other():
    assert len(totals(DEEP)) == 16


@pytest.mark.parametrize("pieces", [2, 4])
def test_a_marker_that_is_not_named_is_noticed(pieces):
    _, found, told = taken("+a -a", pieces=pieces)
    assert f"it gave {pieces - 1} marks, of which 2 are named" in told and found == []


# ---- MARKS=1 alone ----

def console(*events):
    """R: a record of a mark; N: the same, of one that was not begun just once; B: of another mark; E: the guest ends."""
    lines, number = [], 0
    for event in events:
        if event in ("R", "N", "B"):
            record = {"mark": 0 if event == "B" else 255, "vm": 0, "ok": True, "begun": event != "N"} | {
                key: value for key, value in piece(number).items() if key in ("vm_exits", "hm_traps", "instructions", "ring", "longest_m_stay")}
            lines.append(f"half a line\x1e{json.dumps(record)}")
            number += event != "B"
        elif event.startswith("policy "):
            lines.append(f"\x1e{json.dumps({'policy': event.split()[1], 'vm': int(event.split()[2])})}")
        else:
            lines.append('\x1e{"end":"reboot","vm":0}' if event == "E" else f"~ # hmmark: {event}")
    return "\r\n".join([*lines, ""])


def told_by(*events):
    found, wrong = records.of_regions(Settings({"MODE": "ssp", "MARKS": "1", "WORKLOAD": "none"}), console(*events))
    return [(each["workload"], each["instructions"]["total"], each["region"]["number"]) for each in found], wrong


def test_the_console_tells_regions():
    found, wrong = told_by("B", "R", "+a", "R", "-a", "R", "+a", "R", "+b", "R", "~", "R", "-b", "R", "-a")
    assert found == [("a", 10, 0), ("b", 110000, 0), ("a", 1111000, 1)] and wrong == []


@pytest.mark.parametrize("events, found, wrong", [
    (["R", "-a", "R", "+b", "R", "-b"], [("b", 100, 0)], ["mark 1 ends 'a' where none is open"]),
    (["R", "+a", "R", "+a", "R", "-a"], [("a", 110, 0)], ["mark 2 begins 'a', which is open"]),
    (["R", "+a"], [], ["'a' was not ended"]),
    (["R", "+a", "E", "R", "+a", "R", "-a"], [("a", 100, 0)], ["'a' was not ended"]),
    (["+a", "R", "+b", "R", "-b"], [("b", 10, 0)], ["'+a' was told of no mark"]),
    (["R", "+a", "R", "R", "-a", "R", "+b", "R", "-b"], [("b", 10000, 0)], ["mark 2 has no name", "'a' has a mark in it"]),
    (["R"], [], ["mark 1 has no name"]),
    (["R", "+a", "N", "+b", "R", "-a", "R", "-b"], [], ["'a' has a mark in it", "'b' has a mark in it"]),
    (["R", "N", "+b", "-a", "R", "-b"], [], ["mark 1 has no name", "'-a' was told of no mark", "'b' has a mark in it"]),
])
def test_a_mark_that_is_wrong_is_told_and_makes_no_figure(events, found, wrong):
    regions_of_it, told = told_by(*events)
    assert regions_of_it == found and len(told) == len(wrong) and all(map(str.startswith, told, wrong)), told


def modes_of(*events):
    found, wrong = records.of_regions(Settings({"MODE": "tsp", "MARKS": "1", "WORKLOAD": "none"}), console(*events))
    return [(each["workload"], each["mode"], each["hm"]) for each in found], wrong


def test_a_region_has_the_policy_that_was_chosen_at_the_prompt():
    found, wrong = modes_of("R", "+a", "R", "-a", "policy ssp-hm 0", "R", "+a", "R", "-a", "policy none 0",
                            "policy satp,fill 0", "R", "+b", "R", "-b", "policy ssp 1",
                            "R", "+c", "R", "-c", "policy tsp-in-step 0", "R", "+c", "R", "-c")
    assert wrong == []
    assert found == [("a", "tsp", []), ("a", "ssp-hm", ["inject", "satp", "flush", "fill"]), ("b", "ssp", ["satp", "fill"]),
                     ("c", "ssp", ["satp", "fill"]), ("c", "tsp-in-step", [])]


def test_a_region_of_two_policies_is_of_neither():
    found, wrong = modes_of("R", "+a", "policy ssp 0", "R", "+b", "R", "-b", "R", "-a", "R", "+a", "R", "-a")
    assert found == [("b", "ssp", ["satp"]), ("a", "ssp", ["satp"])] and wrong == ["the policy changed in 'a'"]


@pytest.mark.parametrize("policy", ["", "x", "native", "satp,inject", "satp,satp", 3, None, ["ssp"]])
def test_a_record_of_no_policy_is_none(policy):
    assert records.record_of(f"\x1e{json.dumps({'policy': policy, 'vm': 0})}") is None


def test_a_table_has_each_region_once_and_no_sum_of_them():
    of_modes = []
    for mode in ("native", "ssp"):
        result, found, _ = taken("+a -a +a -a", mode=mode)
        of_modes += [result, *found]
    rows = [line.split() for line in results.table(of_modes)]
    assert [row[:2] for row in rows[:5]] == [["workload", "mode"], ["x", "native"], ["ssp", "11111"], ["x/a", "native"], ["ssp", "1010"]]
    assert not any(row[:1] in (["sum"], ["geom."]) for row in rows)


# ---- the header ----

PROGRAM = """
#include <stdio.h>
#include "hm-mark.h"
int main(int count, char **names)
{
	for (int i = 1; i < count; i++) {
		printf("%d ", hm_mark_begin(names[i]));
		printf("%d\\n", hm_mark_end(names[i]));
	}
	return 0;
}
"""


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    path = tmp_path_factory.mktemp("marks") / "marks"
    subprocess.run(["gcc", "-Wall", "-Wextra", "-Werror", "-I", HEADER.parent, "-o", path, "-x", "c", "-"], input=PROGRAM, text=True,
                   check=True)
    return path


@pytest.mark.parametrize("name, result", [
    ("a", "0 0"), ("A-z_0.9", "0 0"), ("a" * 32, "0 0"), ("a" * 33, "-1 -1"), ("", "-1 -1"), ("a b", "-1 -1"), ("a\n", "-1 -1"),
    ("ä", "-1 -1"), ("a/b", "-1 -1")])
def test_the_header_takes_good_names(marks, tmp_path, name, result):
    (tmp_path / "notes").touch()
    done = subprocess.run([marks, name], env={"HM_MARKS": f"3:{tmp_path}/notes"}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == result
    assert (tmp_path / "notes").read_bytes() == (f"+{name}\n-{name}\n" if result == "0 0" else "~\n~\n").encode()


@pytest.mark.parametrize("environment", [{}, {"HM_MARKS": ""}, {"HM_MARKS": "3"}, {"HM_MARKS": "256:notes"}])
def test_elsewhere_a_mark_does_nothing(marks, tmp_path, environment):
    (tmp_path / "notes").touch()
    done = subprocess.run([marks, "a", ""], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "0 0\n-1 -1\n" and (tmp_path / "notes").read_bytes() == b""


@pytest.mark.parametrize("options", ["-std=c99 -pedantic", "-std=c99 -D_POSIX_C_SOURCE=200809L", "-std=gnu99", "-D_GNU_SOURCE", "-x c++"])
def test_the_header_is_for_any_program(tmp_path, options):
    subprocess.run(["gcc", "-Wall", "-Wextra", "-Werror", "-I", HEADER.parent, "-o", tmp_path / "x", "-x", "c", *options.split(), "-"],
                   input=PROGRAM, text=True, check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another")
def test_a_program_with_the_rights_of_another_opens_nothing(marks, tmp_path):
    """Its caller has chosen what is in its environment."""
    if os.statvfs(tmp_path).f_flag & os.ST_NOSUID:
        pytest.skip("the file system knows no such programs")
    program = tmp_path / "marks"
    program.write_bytes(marks.read_bytes())
    os.chown(program, 65534, 65534)
    program.chmod(0o4755)
    tmp_path.chmod(0o755)
    done = subprocess.run([program, "a"], env={"HM_MARKS": f"3:{tmp_path}/notes"}, capture_output=True, text=True, check=True)
    assert done.stdout == "0 0\n"          # what it opens and may not, is told: -1


def test_a_terminal_gets_a_line_that_is_known(marks):
    told, terminal = os.openpty()
    done = subprocess.run([marks, "a"], env={"HM_MARKS": f"255:{os.ttyname(terminal)}"}, capture_output=True, text=True, check=True)
    said = ""
    while said.count("\n") < 2:         # a terminal hands over what there is, which may be a part
        said += os.read(told, 1000).decode()
    lines = said.replace("\r", "").split("\n")
    os.close(terminal)
    os.close(told)
    assert done.stdout == "0 0\n" and [regions.TOLD.search(line)[1] for line in lines[:-1]] == ["+a", "-a"]


def test_what_cannot_be_noted_is_told(marks, tmp_path):
    done = subprocess.run([marks, "a"], env={"HM_MARKS": f"3:{tmp_path}/none"}, capture_output=True, text=True, check=True)
    assert done.stdout == "-1 -1\n"


def test_the_header_has_the_numbers_of_the_interface(tmp_path):
    text = '#include "hm_abi.h"\n#include "hm-mark.h"\n#include <stdlib.h>\nint main(void) { return !(strtoul(HM_MARK_REGISTER, 0, 0) == ' \
        'HM_CSR_MARK && HM_MARK_STARTS == HM_MARK_BEGIN && HM_MARK_STOPS == (HM_MARK_END | HM_MARK_OK)); }\n'
    subprocess.run(["gcc", "-I", HEADER.parent, "-I", ROOT / "hmcode/include", "-o", tmp_path / "x", "-x", "c", "-"], input=text, text=True,
                   check=True)
    assert subprocess.run([tmp_path / "x"], env=dict(os.environ), check=False).returncode == 0
