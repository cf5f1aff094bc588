# SPDX-License-Identifier: BSD-2-Clause
"""Addresses of faults in firmware and host-hv, as functions and lines."""

import pathlib
import re
import subprocess

import pytest

from hmode import addresses, tree

ROOT = pathlib.Path(__file__).resolve().parents[3]
# called() is inlined into inner(), whose last instruction is the call of outer(), which never returns.
SOURCE = """
volatile int word;
static inline __attribute__((always_inline)) void called(void)
{
	word = 1;
}
__attribute__((noreturn, noinline)) void outer(void)
{
	for (;;)
		;
}
__attribute__((noreturn, noinline)) void inner(void)
{
	called();
	outer();
}
__attribute__((noinline)) void after(void)
{
}
void _start(void)
{
	after();
	inner();
}
"""
DUMP = """
sbi_trap_error: hart1: trap0: load fault handler failed (error -1)

sbi_trap_error: hart1: trap0: mcause=0x{cause:016x} mtval=0x{value:016x}
sbi_trap_error: hart1: trap0: mepc=0x{at:016x} mstatus=0x0000000a00001880
sbi_trap_error: hart1: trap0: ra=0x{ra:016x} sp=0x0000000080056f30
sbi_trap_error: hart1: trap0: gp=0x0000000080001234 tp=0x0000000080057000
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A folder with a program for each of the two, linked as they are."""
    folder = tmp_path_factory.mktemp("build")
    for name, base in ("hmcode", 0), ("host-hv", 0x80200000):
        (folder / name).mkdir()
        (folder / name / "code.c").write_text(SOURCE)
        subprocess.run(["riscv64-linux-gnu-gcc", "-g", "-O2", "-fno-toplevel-reorder", "-nostdlib", "-static", "-ffreestanding",
                        "-mno-relax", f"-ffile-prefix-map={folder}=.", f"-Wl,-Ttext={base:#x}", "-Wl,--build-id=none",
                        "-o", f"{name}.elf", "code.c"], cwd=folder / name, check=True)
    return folder


@pytest.fixture
def shown(build, monkeypatch, capsys):
    """shown(console): the lines that the launcher says."""
    monkeypatch.setattr(tree, "BUILD", build)

    def lines(console, is_native=False):
        addresses.show(console, is_native)
        return capsys.readouterr().err.splitlines()
    return lines


def address(build, name, symbol):
    """Where it runs."""
    listed = subprocess.run(["riscv64-linux-gnu-nm", build / name / f"{name}.elf"], capture_output=True, text=True, check=True)
    return int(re.search(rf"^(\w+) . {symbol}$", listed.stdout, re.M)[1], 16) + (0x80000000 if name == "hmcode" else 0)


def line_of(text, after=""):
    """The number of the first such line, of those from one that has `after`."""
    lines = SOURCE.split("\n")
    begin = next(n for n, line in enumerate(lines) if after in line)
    return lines.index(text, begin) + 1


def report(at=0, value=0, ra=0):
    return f"\r\nhmcode: fault in the firmware: hart 0, cause 5 at {at:x}, value {value:x}, ra {ra:x}, sp 9b002110\r\n"


def values_for(form):
    """The text of a printf format, with a number of its own for each %."""
    count = iter(range(1, 20))
    return re.sub(r"%lu|%lx", lambda found: str(next(count)) if found[0] == "%lu" else f"8000{next(count):04x}", form)


# ---- what is found ----

@pytest.mark.parametrize("path, words, expected", [
    ("hmcode/core/fatal.c", "hmcode: fault in the firmware", [("at", 0x80000003), ("value", 0x80000004), ("ra", 0x80000005)]),
    ("host-hv/boot/hart_main.c", "panic: scause", [("at", 0x80000002), ("value", 0x80000003)]),
])
def test_a_report_is_known_as_its_source_has_it(path, words, expected):
    form, = re.findall(rf'"((?:\\r\\n)?{words}[^"]*)"', (ROOT / path).read_text())
    text = values_for(form.replace("\\r\\n", "\r\n"))
    assert addresses.reported(text if path.startswith("hmcode") else f"host-hv: {text}\r\n") == expected


def test_opensbis_dump_is_known():
    assert addresses.reported(DUMP.format(cause=5, value=0x10, at=0x20, ra=0x30)) == [("value", 0x10), ("at", 0x20), ("ra", 0x30)]
    assert addresses.reported(DUMP.format(cause=1, value=0x20, at=0x20, ra=0x30)) == [("at", 0x20), ("ra", 0x30)]


@pytest.mark.parametrize("line", [
    "host-hv: vm0: vCPU 0: the guest cannot continue (0): pc 80200000, mcause 5, value 0, gpa 80200000",
    "host-hv: out of memory: give the machine more RAM or the guests less (mem=)",
    "[    0.1] epc : ffffffff80002000 ra : ffffffff80002000 sp : ffffffff81403c50", ""])
def test_other_lines_have_no_address(line):
    assert addresses.reported(line) == []


def test_a_guest_that_writes_such_lines_gets_no_more_than_some():
    assert len(addresses.reported("".join(report(at=n) for n in range(1, 1000)))) == addresses.MOST


# ---- what is said ----

def test_a_fault_of_the_firmware_is_named(build, shown):
    inner, outer = (address(build, "hmcode", name) for name in ("inner", "outer"))
    assert shown(report(at=inner, ra=outer + 1)) == [
        f"  AT      {inner:#x} hmcode: inner (hmcode/code.c:{line_of('{', after='inner(void)')})",
        f"  RA      {outer + 1:#x} hmcode: outer (hmcode/code.c:{line_of('	for (;;)')})"]


def test_what_was_inlined_is_named_with_where_it_is(build, shown):
    inner, after = (address(build, "hmcode", name) for name in ("inner", "after"))
    said = "\n".join(shown("".join(report(at=each) for each in range(inner, after, 2))))
    assert f"called (hmcode/code.c:{line_of('	word = 1;')}) < inner (hmcode/code.c:{line_of('	called();')})" in said


def test_a_return_address_is_of_the_call_before_it(build, shown):
    after = address(build, "hmcode", "after")
    named, = shown(report(ra=after))
    assert "hmcode: inner (" in named and "after" not in named


def test_a_fault_of_host_hv_is_named(build, shown):
    at = address(build, "host-hv", "outer")
    assert shown(f"host-hv: panic: scause 2, sepc {at:x}, stval 0\n") == [
        f"  AT      {at:#x} host-hv: outer (host-hv/code.c:{line_of('	for (;;)')})"]
    assert shown(DUMP.format(cause=5, value=0, at=at, ra=0))[0].startswith(f"  AT      {at:#x} host-hv: outer (")


def test_natively_a_kernel_is_where_host_hv_would_be(build, shown):
    at = address(build, "host-hv", "outer")
    assert shown(DUMP.format(cause=5, value=0, at=at, ra=0), is_native=True) == []


def test_nothing_is_said_of_addresses_of_neither(build, shown):
    data = address(build, "hmcode", "word")
    for console in "", "no report", report(at=0x800, value=0x7ffffffff, ra=0xffffffff80000000), report(at=data, value=data):
        assert shown(console) == []


def test_nothing_is_said_where_nothing_is_built(tmp_path, monkeypatch, shown):
    monkeypatch.setattr(tree, "BUILD", tmp_path)
    assert shown(report(at=0x80000000)) == []


def test_a_missing_tool_is_named(build, shown, monkeypatch):
    monkeypatch.setenv("CROSS_COMPILE", "no-such-")
    said, = shown(report(at=address(build, "hmcode", "inner")))
    assert "no-such-addr2line" in said and "make fetch" in said


def test_paths_are_the_trees():
    assert addresses.path_of("./hmcode/trap/guest_vector.S:403") == "hmcode/trap/guest_vector.S:403"
    assert addresses.path_of("opensbi/opensbi/lib/sbi/sbi_trap.c:99 (discriminator 3)") == "opensbi/lib/sbi/sbi_trap.c:99"
