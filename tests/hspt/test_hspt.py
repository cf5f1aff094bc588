# SPDX-License-Identifier: BSD-2-Clause
"""Guests cannot tell direct accesses from softmmu, and what they cost is counted exactly."""

import subprocess

import pytest

ORGANIZATIONS = ["shared", "private", "group"]
COUNTING = ["-icount", "shift=0,align=off,sleep=off"]
CHECKED = "protect,remap,huge,self-modify,crossing,wild,side-by-side,fork-cow,fork-exec,map-unmap,shell-loop"


# One for each change; `private` stays in two tests below, with adaptivity and with other sizes of what a fault maps.
@pytest.mark.parametrize("organization", [pytest.param(name, marks=[pytest.mark.long("hspt")] * (name != "group"))
                                          for name in ORGANIZATIONS])
def test_programs_compute_the_same_under_the_oracle(guest, expected, organization):
    run = guest(CHECKED, f",spt={organization},spt-tables=3,spt-adapt=off,spt-oracle=on")
    assert run.status == 0 and not run.failures, run
    assert run.numbers == expected(CHECKED), run
    assert run.counters["pages mapped"] > 1000, run
    assert run.counters["oracle checks"] > 10000, run


@pytest.mark.parametrize("prefill", [1, 512])
def test_prefill_changes_nothing(guest, expected, prefill):
    programs = "protect,remap,huge,crossing"
    run = guest(programs, f",spt=private,spt-prefill={prefill},spt-adapt=off,spt-oracle=on")
    assert run.numbers == expected(programs), run
    assert run.counters["oracle checks"] > 10000, run


def test_adaptivity_changes_nothing(guest, expected):
    programs = CHECKED + ",tree,histogram,life"
    run = guest(programs, ",spt=private,spt-oracle=on")
    assert run.numbers == expected(programs), run
    assert run.counters["promotions"] > 0, run


def test_a_process_in_debt_pauses_and_goes_on_with_what_was_mapped(guest, expected):
    """On a slow hart, where timer interrupts come often; fences come during the pauses, too."""
    programs = "map-unmap,fork-cow,remap"
    run = guest(programs, ",spt=private,spt-oracle=on", words=["-icount", "shift=6,align=off,sleep=off"])
    assert run.numbers == expected(programs), run
    assert run.counters["demotions"] > 1, run
    assert run.counters["promotions"] > run.counters["windows in use"], "no window was used again"


def test_code_bound_by_indirect_jumps_stays_on_softmmu(guest):
    """A shell would be generated anew and gain nothing; loops over memory get a window."""
    shell, loops = (guest(program, ",spt=private", words=COUNTING) for program in ("shell-loop", "matrix"))
    assert shell.counters["promotions"] == 0 < loops.counters["promotions"], (shell, loops)


def test_data_where_code_was_is_written_directly(guest, expected):
    """A kernel frees the code of its own start; each page of it faults a few times, not once a word."""
    run = guest("first-touch", ",spt=private,spt-adapt=off,spt-oracle=on", words=COUNTING)
    assert run.numbers == expected("first-touch"), run
    assert run.counters["code pages freed"] > 0, run


def test_wider_modes_stay_on_softmmu(guest, expected):
    run = guest("protect", ",spt=private,spt-adapt=off", command_line=(
        "console=ttyS0 earlycon=sbi no5lvl norandmaps quiet panic=-1"))
    assert run.numbers == expected("protect"), run
    assert run.counters["pages mapped"] == run.counters["faults"] == 0, run


def test_wider_modes_are_named_with_their_remedy(guest, expected):
    """Debian's kernel takes the most levels that the hart has, and QEMU's default hart has five."""
    words = "console=ttyS0 earlycon=sbi norandmaps quiet panic=-1"
    run = guest("protect", ",spt=private,spt-adapt=off", command_line=words)
    assert run.messages.count("the guest uses Sv57, windows serve Sv39 only; -cpu ...,sv39=on offers it no more") == 1, run
    assert run.counters["pages mapped"] == 0, run
    run = guest("protect", ",spt=private,spt-adapt=off", command_line=words,
                words=["-cpu", "rv64,h=false,svade=true,svadu=false,sv39=on"])
    assert run.messages == "" and run.numbers == expected("protect"), run
    assert run.counters["pages mapped"] > 1000, run


def test_two_harts_on_one_thread(guest, expected):
    programs = "protect,remap,fork-cow,ping-pong"
    run = guest(programs, ",thread=single,spt=private,spt-tables=4,spt-adapt=off,spt-oracle=on",
                words=["-smp", "2"])
    assert run.numbers == expected(programs), run
    assert run.counters["windows"] == 2 * 5, run


def test_slow_path_entries_are_few_and_exact(guest):
    """A chase through 4 pages of 180 million steps: start-up alone enters the slow path, 3.4 of a million at most."""
    runs = [guest("chase-16k", ",spt=private,spt-adapt=off", words=COUNTING) for _ in range(2)]
    short = guest("wild", ",spt=private,spt-adapt=off", words=COUNTING)
    assert runs[0].counters == runs[1].counters, runs
    assert runs[0].counters["faults"] - short.counters["faults"] < 30 * 20, (runs[0], short)


def test_more_scattered_pages_than_mappings(guest, expected):
    run = guest("scattered", ",spt=private,spt-adapt=off,spt-oracle=on")
    assert run.numbers == expected("scattered"), run
    assert run.counters["chunks evicted"] > 0 or run.counters["mappings at most"] > 100000, run
    assert run.counters["mappings now"] <= run.counters["mappings at most"], run


def test_no_room_for_windows(guest, expected):
    run = guest("protect", ",spt=private", memory=8 << 30)
    assert run.numbers == expected("protect"), run
    assert run.messages.count("no room for a window") == 1, run
    assert run.counters["spt"] == "off", run


def test_room_for_few_windows(guest, expected):
    run = guest("protect", ",spt=private,spt-adapt=off", memory=1 << 40)
    assert run.numbers == expected("protect"), run
    assert run.messages.count("there is room for 2 windows only") == 1, run
    assert run.counters["pages mapped"] > 0, run


def test_memory_without_a_file(guest, expected):
    run = guest("protect", ",spt=private,spt-adapt=off", words=[
        "-object", "memory-backend-ram,id=plain,size=1G,share=off", "-machine", "memory-backend=plain"])
    assert run.numbers == expected("protect"), run
    assert run.messages.count("no memory file") == 1, run


def test_memory_with_a_file_of_its_own(guest, expected, tmp_path):
    run = guest("protect", ",spt=private,spt-adapt=off,spt-oracle=on", words=[
        "-object", f"memory-backend-file,id=file,size=1G,share=on,mem-path={tmp_path / 'ram'}",
        "-machine", "memory-backend=file"])
    assert run.numbers == expected("protect"), run
    assert run.messages == "" and run.counters["pages mapped"] > 1000, run


def test_a_host_without_memory_files(guest, expected, tmp_path):
    source = tmp_path / "shim.c"
    source.write_text("#include <errno.h>\n"
                      "int memfd_create(const char *n, unsigned f) { errno = ENOSYS; return -1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "shim.so", source], check=True)
    run = guest("protect", ",spt=private", preload=tmp_path / "shim.so")
    assert run.numbers == expected("protect"), run
    assert run.messages.count("this host has no memory files (memfd)") == 1, run
    assert run.counters == {"spt": "off"}, run


def test_several_threads_fall_back(guest, expected):
    run = guest("protect", ",thread=multi,spt=private", words=["-smp", "2"])
    assert run.numbers == expected("protect"), run
    assert run.messages.count("multi-threaded TCG does not support it") == 1, run


@pytest.mark.parametrize("option, hint", [
    ("spt=fast", "off, shared, private, group"),
    ("spt-tables=0", "1 to 256"),
    ("spt-prefill=3", "a power of two from 1 to 512"),
])
def test_wrong_values_are_refused(guest, option, hint):
    run = guest("protect", f",{option}")
    assert run.status != 0 and hint in run.messages, run
