# SPDX-License-Identifier: BSD-2-Clause
"""Regions that programs mark: sums of the pieces between marks, and what is refused of marks."""

import os
import pathlib
import subprocess

import pytest

from hmode import modes, regions, results

ROOT = pathlib.Path(__file__).resolve().parents[3]
HEADER = ROOT / "qemu-platform/include/hm-mark.h"


def piece(number, mode="ssp", ok=True, stay=5):
    """Of which each figure tells which one it is: a sum tells which ones it is made of."""
    figure = 10 ** number
    return {"workload": "x", "mode": mode, "hm": modes.MODES[mode], "guest": "debian", "ok": ok, "longest_m_stay": stay,
            "vm_exits": {"total": figure, "memory": figure, "by_reason": {"flush": figure}},
            "hm_traps": {"total": figure, "memory": figure, "by_kind": {}},
            "instructions": {"total": figure, "guest": None}, "ring": None}


def taken(text, pieces=None, **more):
    marks = text.split()
    pieces = len(marks) + 1 if pieces is None else pieces
    told = "".join(f"{mark}\n" for mark in marks).encode()
    return regions.taken("x", told, [piece(number, **more) for number in range(pieces)])


def totals(text):
    _, found, wrong = taken(text)
    assert wrong is None
    return [(each["workload"], each["instructions"]["total"], each["region"]["number"], each["region"]["depth"]) for each in found]


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
    ("+a +b -a", "mark 3 ends 'a' where 'b' is open"), ("+a +a", "mark 2 begins 'a', which is open"),
    ("+a/b", "mark 1 has no name"), ("+", "mark 1 has no name"), ("a", "mark 1 has no name"), ("+" + "a" * 33, "mark 1 has no name"),
    ("+\x1b", "mark 1 has no name"), (DEEP + " +more", "mark 17 begins 'more' in 16 others"),
])
def test_marks_that_are_wrong(text, wrong):
    result, found, told = taken(text)
    assert wrong in told and found == [] and result["workload"] == "x"


def test_sixteen_may_lie_in_each_other():
    assert len(totals(DEEP)) == 16


@pytest.mark.parametrize("pieces", [2, 4])
def test_a_marker_that_is_not_named_is_noticed(pieces):
    _, found, told = taken("+a -a", pieces=pieces)
    assert f"it gave {pieces - 1} marks, of which 2 are named" in told and found == []


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


def test_what_cannot_be_noted_is_told(marks, tmp_path):
    done = subprocess.run([marks, "a"], env={"HM_MARKS": f"3:{tmp_path}/none"}, capture_output=True, text=True, check=True)
    assert done.stdout == "-1 -1\n"


def test_the_header_has_the_numbers_of_the_interface(tmp_path):
    text = '#include "hm_abi.h"\n#include "hm-mark.h"\n#include <stdlib.h>\nint main(void) { return !(strtoul(HM_MARK_REGISTER, 0, 0) == ' \
        'HM_CSR_MARK && HM_MARK_STARTS == HM_MARK_BEGIN && HM_MARK_STOPS == (HM_MARK_END | HM_MARK_OK)); }\n'
    subprocess.run(["gcc", "-I", HEADER.parent, "-I", ROOT / "hmcode/include", "-o", tmp_path / "x", "-x", "c", "-"], input=text, text=True,
                   check=True)
    assert subprocess.run([tmp_path / "x"], env=dict(os.environ), check=False).returncode == 0
