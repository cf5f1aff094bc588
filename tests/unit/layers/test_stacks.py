# SPDX-License-Identifier: BSD-2-Clause
"""No function of the firmware calls itself, each stack of M-mode is deep enough, and the short path calls nothing."""

import os
import re
import shutil
import subprocess

import pytest

import layers
import stacks

CACHE = os.environ.get("HMODE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or
                                                      os.path.expanduser("~/.cache"), "hmode")
OPENSBI = os.environ.get("OPENSBI_SRC") or os.path.join(CACHE, "current", "opensbi")
# The short path may call no function, since none preserves enough registers.  It stores the address of the first two,
# hands on those of the middle ways, and jumps to the others as the last thing.
ALLOWED = {"hm_read_rs1", "hm_read_rs2", *stacks.WAYS, "hm_short_done", "hm_short_exit", "hm_device_exit", "hm_middle",
           "hm_general", "hm_general_insn", "hm_unknown"}


def build(root):
    clean = {key: value for key, value in os.environ.items() if key not in ("BUILD", "MAKEFLAGS")}
    subprocess.run(["make", "-s", "-C", root / "hmcode", f"BUILD={root / 'build'}", f"OPENSBI_SRC={OPENSBI}"],
                   env=clean, check=True)
    return root


def faults(root):
    return stacks.faults(root / "hmcode", root / "build")


@pytest.fixture(name="built", scope="module")
def fixture_built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(layers.ROOT / "hmcode", folder / "hmcode")
    return build(folder)


@pytest.fixture(name="copy")
def fixture_copy(built, tmp_path):
    return shutil.copytree(built, tmp_path / "copy")


def test_nothing_calls_itself_and_the_stacks_suffice(built):
    assert len(stacks.Firmware(built / "build").ours) > 150
    assert faults(built) == []


def test_a_function_that_calls_itself_is_named(copy):
    with (copy / "hmcode" / "mmu" / "satp.c").open("a") as file:
        file.write("u64 again(u64 n);\nu64 again(u64 n) { return n ? again(n / 2) ^ n * again(n - 1) : 0; }\n")
    assert faults(build(copy)) == ["again calls itself, by way of others or not"]


def test_functions_that_call_each_other_are_named(copy):
    with (copy / "hmcode" / "mmu" / "satp.c").open("a") as file:
        file.write("u64 odd(u64 n);\nu64 even(u64 n);\n"
                   "__attribute__((noinline)) u64 odd(u64 n) { return n ? n * even(n ^ hart_count_all()) : 0; }\n"
                   "__attribute__((noinline)) u64 even(u64 n) { return n ? n + odd(n ^ hart_count_all()) : 1; }\n")
    assert faults(build(copy)) == [f"{name} calls itself, by way of others or not" for name in ("even", "odd")]


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_stack_that_is_too_deep_is_named_with_the_way(copy):
    """7 KiB in one frame: what is left of the trap stack is less than the KiB to spare."""
    change(copy / "hmcode" / "trap" / "interrupt.c", "\tbool exit = false;\n",
           "\tbool exit = false;\n\tvolatile u8 large[7 * 1024];\n\n\tlarge[pending & 1023] = 1;\n\texit = large[0] & 2;\n")
    said = [re.sub(r"\d{2,} of", "N of", line) for line in faults(build(copy))]
    _, way = stacks.Firmware(copy / "build").depth(stacks.stacks(copy / "hmcode")["guest world"])
    assert said == ["guest world: N of 8192 bytes of stack, by " + " > ".join(way)]
    assert "hm_trap_route > hm_route_interrupt > __wrap_sbi_ipi_process > " in said[0]


def test_a_stack_without_bound_is_refused(copy):
    change(copy / "hmcode" / "trap" / "interrupt.c", "\tbool exit = false;\n",
           "\tbool exit = false;\n\tvolatile u8 some[pending];\n\n\tsome[0] = 1;\n\texit = some[pending / 2] & 2;\n")
    with pytest.raises(ValueError, match="hm_route_interrupt"):
        faults(build(copy))


def test_a_call_by_pointer_without_a_line_is_named(copy):
    with (copy / "hmcode" / "mmu" / "satp.c").open("a") as file:
        file.write("u64 ask(u64 (*whom)(void));\nu64 ask(u64 (*whom)(void)) { return whom() + 1; }\n")
    assert faults(build(copy)) == ["ask calls by pointer: INDIRECT has no line for it"]


@pytest.mark.parametrize("name", ["sbi_timer_value", "nputs", "sbi_ipi_process"])
def test_a_function_of_opensbi_without_a_line_is_named_where_it_stands_on_a_stack(built, name):
    known = {caller: callees for caller, callees in stacks.INDIRECT.items() if caller != name}
    assert f"{name} calls by pointer: INDIRECT has no line for it" in \
        stacks.faults(built / "hmcode", built / "build", known)


def addresses_from_gp(built):
    """gp is the guest's; the linker would relax accesses through it where __global_pointer$ is defined."""
    listing = subprocess.run(["riscv64-linux-gnu-objdump", "-d", "--no-show-raw-insn", built / "build" / "hmcode.elf"],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "mret" in listing
    return re.findall(r"\S+\t\w+,-?\d*\(gp\)|\S+\t\w+,gp,\S+", listing)


def test_no_address_is_made_from_gp(built):
    assert addresses_from_gp(built) == []


def test_an_address_made_from_gp_is_named(copy):
    with (copy / "hmcode" / "mmu" / "satp.c").open("a") as file:
        file.write('void f(void);\nvoid f(void) { __asm__ volatile("lw a0, 16(gp)\\n addi a0, gp, 4"); }\n')
    build(copy)
    assert len(addresses_from_gp(copy)) == 2


def short_objects(root):
    """Objects that the Makefile compiles so that they preserve what guest_vector.S did not save."""
    lines = re.findall(r"^\$\(BUILD\)/(\S+\.o): CFLAGS \+= \$\(FAST_CFLAGS\)$", (root / "hmcode" / "Makefile").read_text(),
                       re.MULTILINE)
    assert lines, "no object is compiled so"
    return [root / "build" / line for line in lines]


def calls_of_the_short_path(root):
    return {f"{target.name} needs {name}" for target in short_objects(root)
            for name in layers.symbols(target)[1] - ALLOWED}


def test_the_short_path_calls_nothing(built):
    assert calls_of_the_short_path(built) == set()


def writes_of_ra(root):
    """Instructions of the short path with ra as their destination: a call, or what loads it after one."""
    listings = [subprocess.run(["riscv64-linux-gnu-objdump", "-d", "-M", "no-aliases", "--no-show-raw-insn", target],
                               stdout=subprocess.PIPE, text=True, check=True).stdout for target in short_objects(root)]
    assert all("hm_" in listing for listing in listings)
    return [line.strip() for listing in listings for line in listing.splitlines()
            if re.search(r"\s(?!s[bhwd]\s|c\.jr\s|c\.s|b)\S+\tra\b", line) or "c.jalr" in line]


# The vector saves no ra for it: where the compiler made a call of a jump, the guest would lose its own.
def test_the_short_path_leaves_ra_alone(built):
    assert writes_of_ra(built) == []


def test_a_call_in_the_middle_of_the_short_path_is_named(copy):
    with (copy / "hmcode" / "trap" / "fault_short.c").open("a") as file:
        file.write("u64 f(u64 va);\nu64 f(u64 va)\n{\n\thm_short_done();\n\treturn va + 1;\n}\n")
    build(copy)
    assert writes_of_ra(copy) != []


@pytest.mark.parametrize("line, name", [
    ("u64 f(u64 va); u64 f(u64 va) { return hm_remote_fence_vma(0, va, 0, 0), va; }", "hm_remote_fence_vma"),
    # The compiler's own.
    ("struct b { u8 x[999]; }; void f(struct b *a, struct b *b); void f(struct b *a, struct b *b) { *a = *b; }", "memcpy"),
])
def test_a_call_of_the_short_path_is_named(copy, line, name):
    with (copy / "hmcode" / "trap" / "tvm_short.c").open("a") as file:
        file.write(line.replace("; ", ";\n") + "\n")
    build(copy)
    assert calls_of_the_short_path(copy) == {f"tvm_short.o needs {name}"}
