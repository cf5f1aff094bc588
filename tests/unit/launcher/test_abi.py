# SPDX-License-Identifier: BSD-2-Clause
"""The lists of hm_abi.h as tests and the launcher read them."""

import subprocess

import pytest

from hmode import abi

PROGRAM = """
#include <stdio.h>
#include "hm_abi.h"
#define EXIT(number, NAME, name, reason) printf("exit %d %s\\n", HM_EXIT_##NAME, #name);
#define REASON(NAME, key, memory) printf("reason %d %s %d\\n", HM_REASON_##NAME, #key, memory);
#define TRAP(NAME, key, memory) printf("trap %d %s %d\\n", HM_TRAP_##NAME, #key, memory);
int main(void) { HM_EXITS(EXIT) HM_REASONS(REASON) HM_TRAPS(TRAP) return 0; }
"""


def test_lists_are_those_of_the_compiler(tmp_path):
    (tmp_path / "lists.c").write_text(PROGRAM)
    subprocess.run(["cc", "-I", abi.HEADER.parent, "-o", tmp_path / "lists", tmp_path / "lists.c"], check=True)
    printed = subprocess.run([tmp_path / "lists"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed == [*(f"exit {e.number} {e.name}" for e in abi.EXITS),
                       *(f"reason {n} {r.key} {r.memory:d}" for n, r in enumerate(abi.REASONS)),
                       *(f"trap {n} {t.key} {t.memory:d}" for n, t in enumerate(abi.TRAPS))]


def test_numbers_are_used_once_and_the_reserved_one_never():
    numbers = [e.number for e in abi.EXITS]
    assert numbers == sorted(set(numbers)) and 5 not in numbers


def test_a_page_fault_counts_by_what_the_host_finds():
    assert {e.name for e in abi.EXITS if e.reason is None} == {"mark", "broken", "page_fault"}


def test_a_header_without_the_list_is_refused():
    with pytest.raises(ValueError, match="no list HM_EXITS"):
        abi.entries("HM_EXITS", "#define OTHER 1\n")
