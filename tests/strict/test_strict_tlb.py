# SPDX-License-Identifier: BSD-2-Clause
"""The harts of our QEMU themselves (bare.c, stages.c, traps.c): values are what the privileged specification allows.

Each fact of a strict hart is the number of the page that an address shows.  Off, it is what memory says; else what a
TLB may still hold.
"""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hmode")
QEMU = CACHE / "current" / "qemu-hspt" / "qemu-system-riscv64"
CC = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "gcc"
LINK = ROOT / "tests" / "hspt" / "bare.ld"
CPU = "rv64,svade=true,svadu=true,svnapot=true"
TRAPPED = 1 << 63
LOAD_PAGE, STORE_PAGE = TRAPPED | 13, TRAPPED | 15

# name: (off, lazy)
ONE_STAGE = {
    "leaf-kept": (2, 1), "leaf-fence-elsewhere": (2, 1), "leaf-fence-other-asid": (2, 1),
    "leaf-fence-va-other-asid": (2, 1), "leaf-fence-va": (2, 2), "leaf-fence-va-asid": (1, 1), "leaf-fence-asid": (2, 2),
    "pointer-fence-va": (2, 1), "pointer-fence-va-asid": (2, 1), "pointer-fence-asid": (2, 2),
    "global-fence-asid": (2, 1), "global-fence-va-asid": (2, 1), "global-other-space": (2, 1), "global-fence-va": (2, 2),
    "global-by-pointer": (2, 1),
    "space-other": (2, 2), "space-same-asid": (2, 1), "space-bare": (7, 7), "space-other-mode": (2, 1),
    "space-same-asid-fenced": (2, 2),
    "invalid-faults": (0, 100), "invalid-fence-va": (1, 1), "invalid-pointer": (1, LOAD_PAGE),
    "invalid-pointer-fence-va": (1, 1),
    "rights-kept": (0, STORE_PAGE), "rights-fence-va": (0, 0), "rights-taken": (STORE_PAGE, 0),
    "dirty-kept": (0, STORE_PAGE), "dirty-fence-va": (0, 0), "accessed-kept": (5, LOAD_PAGE), "accessed-fence-va": (5, 5),
    "update": (0, 0), "update-set": (0xc0, 0xc0), "update-compared": (99, 99), "update-other-page": (1, 1),
    "large-kept": (101, 100), "large-fence-within": (101, 101), "napot-kept": (17, 1), "napot-fence-within": (17, 17),
    "early-fence": (2, 2), "early-fence-late": (2, 2), "early-satp": (3, 3),
    "asids": (0xffff, 0xffff), "asids-fence": (2, 2), "pmp-regions": (16, 16),
}
TWO_STAGES = {
    "g-leaf-kept": (2, 1), "g-leaf-fence-elsewhere": (2, 1), "g-leaf-fence-other-vm": (2, 1), "g-leaf-fence-vvma": (2, 1),
    "g-leaf-fence-gpa-vm": (2, 2), "g-leaf-fence-gpa": (1, 1),
    "g-pointer-fence-gpa": (3, 1), "g-pointer-fence-other-vm": (3, 1), "g-pointer-fence-vm": (3, 3),
    "g-pointer-fence-all": (1, 1),
    "vs-leaf-kept": (5, 4), "vs-leaf-fence-hs": (5, 4), "vs-leaf-fence-gpa": (5, 4), "vs-leaf-fence-other-asid": (5, 4),
    "vs-leaf-fence-va-asid": (5, 5), "vs-leaf-fence-va": (4, 4), "vs-global-fence-asid": (5, 4),
    "vs-global-fence-all": (5, 5),
    "vm-other": (7, 7), "vm-other-fenced": (7, 6), "vm-fenced": (7, 7),
    "vs-mode-kept": (4, 3), "vs-mode-fence": (4, 4), "vs-mode-early-fence": (0x405, 0x405),
}
# What a walk between a fence, or a write to satp, and the change after it leaves behind.
EAGER = {"early-fence": 1, "early-satp": 2, "vs-mode-early-fence": 0x404}

# name: (without a trap, offset of the data, cause of a misaligned one or None where it is aligned)
SCALAR = {
    "lb": (0x01, 1, None), "lh": (0x0201, 1, 4), "lw": (0x05040302, 2, 4), "ld": (0x0b0a090807060504, 4, 4),
    "ld-aligned": (0x0f0e0d0c0b0a0908, 8, None), "c.ld": (0x0807060504030201, 1, 4), "flw": (0x05040302, 2, 4),
    "fld": (0x0b0a090807060504, 4, 4), "flh": (0x0201, 1, 4),
    "sh": (0, 17, 6), "sw": (0, 18, 6), "sd": (0, 20, 6), "c.sw": (0, 17, 6), "fsd": (0, 20, 6),
}
ATOMIC = {"amo": (18, 6), "lr": (2, 4)}
ILLEGAL = {"illegal": 0xffffffff, "c.illegal": 0, "csr": 0xf1402573}


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """build(name): the program of that name."""
    def compiled(name):
        program = tmp_path_factory.mktemp(name) / name
        subprocess.run([CC, "-march=rv64g", "-mabi=lp64d", "-mcmodel=medany", "-O2", "-Wall", "-Wextra", "-Werror",
                        "-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector",
                        f"-Wl,--build-id=none,-T,{LINK}", "-o", program, pathlib.Path(__file__).with_name(f"{name}.c")],
                       check=True)
        return program

    programs = {name: compiled(name) for name in ("bare", "stages", "traps")}
    return programs.get


def start(cpu, program=None, words=()):
    command = [str(QEMU), "-M", "virt", "-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio",
               "-no-reboot", "-m", "256M", "-bios", "none", "-cpu", f"{CPU},{cpu}", *words]
    return subprocess.run(command + (["-kernel", str(program)] if program else []), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


def facts(cpu, program):
    done = start(cpu, program)
    assert done.returncode == 0 and not done.stderr, done
    return {name: int(value, 16) for name, value in
            re.findall(r"^hspt: (\S+) ([0-9a-f]{16}) 0", done.stdout, re.M)}


def expected(table, mode):
    values = {name: off if mode == "off" else lazy for name, (off, lazy) in table.items()}
    return values | ({name: EAGER[name] for name in EAGER if name in table} if mode == "eager" else {})


@pytest.mark.parametrize("mode", ["off", "lazy", "eager"])
def test_one_stage(build, mode):
    assert facts(f"h=false,svvptc=false,x-strict-tlb={mode}", build("bare")) == expected(ONE_STAGE, mode)


@pytest.mark.parametrize("mode", ["off", "lazy", "eager"])
def test_two_stages(build, mode):
    assert facts(f"h=true,svvptc=false,x-strict-tlb={mode}", build("stages")) == expected(TWO_STAGES, mode)


@pytest.mark.parametrize("mode", ["lazy", "eager"])
def test_with_svvptc_what_is_invalid_is_kept_for_some_accesses_only(build, mode):
    assert 0 < facts(f"h=false,x-strict-tlb={mode}", build("bare"))["invalid-faults"] < 10


@pytest.mark.parametrize("bits", [6, 9, 15])
def test_asids_have_the_bits_that_were_asked_for(build, bits):
    values = expected(ONE_STAGE, "lazy") | {"asids": (1 << bits) - 1}
    assert facts(f"h=false,svvptc=false,x-strict-tlb=lazy,asidlen={bits}", build("bare")) == values


def test_a_hart_without_asids_has_one_space(build):
    values = facts("h=false,svvptc=false,x-strict-tlb=lazy,asidlen=0", build("bare"))
    assert (values["asids"], values["space-other"], values["leaf-fence-other-asid"]) == (0, 1, 2)


@pytest.mark.parametrize("regions, seen", [(1, 1), (8, 8), (16, 16), (64, 16)])
def test_pmp_has_the_regions_that_were_asked_for(build, regions, seen):
    assert facts(f"h=false,num-pmp-regions={regions}", build("bare"))["pmp-regions"] == seen


@pytest.mark.parametrize("cpu, words, says", [
    ("asidlen=17", [], "more than 16"), ("num-pmp-regions=65", [], "more than 64"),
    ("x-strict-tlb=on", [], "off, lazy, eager"), ("x-strict-tlb=lazy", ["-accel", "tcg,spt=private"], "without spt"),
    ("x-strict-tlb=eager", ["-accel", "tcg,spt=shared"], "without spt"),
])
def test_what_cannot_be_is_refused(cpu, words, says):
    done = start(cpu, words=words)
    assert done.returncode != 0 and says in done.stderr, done


def traps(cpu, program):
    """name: (value or TRAPPED | cause, mtval)."""
    done = start(cpu, program)
    assert done.returncode == 0 and not done.stderr, done
    lines = re.findall(r"^hspt: (\S+) ([0-9a-f]{16}) 0\s+hspt: mtval ([0-9a-f]{16}) 0", done.stdout, re.M)
    return {name: (int(value, 16), int(mtval, 16)) for name, value, mtval in lines}


@pytest.mark.parametrize("misaligned", ["access", "trap"])
@pytest.mark.parametrize("mtval_insn", ["on", "off"])
def test_misaligned_accesses_and_mtval(build, misaligned, mtval_insn):
    """AMO and LR trap always; the others where x-misaligned says so."""
    values = {}
    for name, (value, offset, cause) in SCALAR.items():
        trapped = cause and misaligned == "trap"
        values[name] = (TRAPPED | cause, offset) if trapped else (value, 0)
    for name, (offset, cause) in ATOMIC.items():
        values[name] = (TRAPPED | cause, offset)
    for name, instruction in ILLEGAL.items():
        values[name] = (TRAPPED | 2, instruction if mtval_insn == "on" else 0)
    seen = traps(f"zfh=true,x-misaligned={misaligned},x-mtval-insn={mtval_insn}", build("traps"))
    assert seen == values


def test_a_wrong_word_is_refused():
    done = start("x-misaligned=sometimes")
    assert done.returncode and "x-misaligned=sometimes is unknown: access, trap" in done.stderr, done
