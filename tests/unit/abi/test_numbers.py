# SPDX-License-Identifier: BSD-2-Clause
"""Constants, offsets and sizes of hm_abi.h are those of the file `expected`."""

import pathlib
import runpy

import pytest

HERE = pathlib.Path(__file__).parent
NUMBERS = runpy.run_path(str(HERE / "numbers"))
HEADER = NUMBERS["HEADER"]
EXPECTED = "".join(line for line in (HERE / "expected").read_text().splitlines(True) if line[0] != "#")


def test_nothing_of_the_abi_has_moved():
    assert NUMBERS["numbers"]().splitlines() == EXPECTED.splitlines(), \
        "docs/abi.md, Versions, says which number this raises; then tests/unit/abi/numbers prints what `expected` holds"


CHANGES = {
    "a constant": ("#define HM_MAX_SLOTS		8", "#define HM_MAX_SLOTS		9"),
    "a constant that is gone": ("#define HM_SLOT_X		(1 << 2)\n", ""),
    "a field before others": ("	uint64_t priv;", "	uint64_t added;\n	uint64_t priv;"),
    "another type": ("	uint32_t head;", "	uint64_t head;"),
    "the order of a list": ("X(SATP_HIT, satp_hit, 1)							\\\n	X(SATP_MISS, satp_miss, 1)",
                            "X(SATP_MISS, satp_miss, 1)							\\\n	X(SATP_HIT, satp_hit, 1)"),
    "a number of an exit": ("X(14, REMOTE_FENCE", "X(15, REMOTE_FENCE"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_noticed(tmp_path, change):
    before, after = CHANGES[change]
    text = HEADER.read_text()
    assert text.count(before) == 1
    copy = tmp_path / "hm_abi.h"
    copy.write_text(text.replace(before, after))
    assert NUMBERS["numbers"](copy) != EXPECTED


def test_every_name_of_the_header_has_its_number():
    """What has no number is a macro with arguments, or a list."""
    named = {line.split()[1] for line in EXPECTED.splitlines() if line.startswith("constant")}
    defined = {line.split()[1].split("(")[0] for line in HEADER.read_text().splitlines() if line.startswith("#define HM_")}
    assert defined - named == NUMBERS["NO_NUMBERS"] | {"HM_EXIT_NUMBER", "HM_REASON_NUMBER", "HM_TRAP_NUMBER"}
