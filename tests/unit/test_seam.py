# SPDX-License-Identifier: BSD-2-Clause
"""The engine and tsp/ are pure: no privileged instruction, no symbol outside their seams.

tsp/ may order its memory: vCPUs that are about to run read without its lock (tsp/step.c).
"""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
ENGINE = ROOT / "hmcode" / "ssp"
CROSS = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-")

PRIVILEGED = re.compile(r"^(csr\w*|rd(cycle|time|instret)|fr(csr|rm|flags)|fs(csr|rm|flags)\w*|"
                        r"[smn]ret|uret|wfi|ecall|ebreak|c\.ebreak|fence(\.\w+)?|s(fence|inval)\.\w+(\.\w+)*|"
                        r"h(fence|inval)\.\w+|hlv\w*|hsv\w*|unimp|\.\w+)$")
SEAM = {"ssp_port_load", "ssp_port_table"}
# A and D in the guest's PTEs.
MARKS = {"ssp_port_swap"}
# What tsp/ has of the engine.
WALKER = {"ssp_guest_walk", "ssp_walk_mark", "ssp_leaf_allows"}
RING = {"ssp_port_store", "ssp_port_fence"}
# Each with the instructions that it may have nevertheless, and all that it may need from outside.
CODE = {
    "engine": (ENGINE, set(), SEAM | RING | MARKS),
    "tsp": (ROOT / "host-hv" / "tsp", {"fence"}, SEAM | WALKER | {"tsp_port_guest", "tsp_port_fp", "decode_store"}),
}
EMITTED_BY_THE_COMPILER = {"memset", "memcpy"}


def compile_engine(folder, source):
    target = folder / (source.stem + ".o")
    subprocess.run([CROSS + "gcc", "-std=gnu11", "-O2", "-ffreestanding", "-march=rv64gc", "-mabi=lp64d",
                    "-mcmodel=medany", "-I", HERE / "ssp", "-I", HERE / "tsp", "-I", ENGINE, "-I", ROOT / "hmcode",
                    "-I", ROOT / "hmcode" / "include",
                    "-I", ROOT / "host-hv", "-c", source, "-o", target], check=True)
    return target


def instructions(target):
    listing = subprocess.run([CROSS + "objdump", "-d", "-M", "no-aliases", target], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    return re.findall(r"^\s+[0-9a-f]+:\s+[0-9a-f]+\s+(\S+)", listing, re.MULTILINE)


def symbols(targets, *options):
    listing = subprocess.run([CROSS + "nm", "-P", *options, *targets], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    return {line.split()[0] for line in listing.splitlines() if not line.endswith(":")}


@pytest.fixture(name="code", scope="module", params=CODE)
def fixture_code(request, tmp_path_factory):
    folder, allowed, seam = CODE[request.param]
    target = tmp_path_factory.mktemp(request.param)
    return [compile_engine(target, source) for source in sorted(folder.glob("*.c"))], allowed, seam


@pytest.fixture(name="objects")
def fixture_objects(code):
    return code[0]


def test_the_engine_has_no_privileged_instruction(code):
    objects, allowed, _ = code
    for target in objects:
        found = instructions(target)
        assert len(found) > 50, f"{target.name} was not disassembled"
        assert [name for name in found if PRIVILEGED.match(name) and name not in allowed] == []


def test_the_engine_needs_no_symbol_outside_its_seam(code):
    objects, _, seam = code
    needed = symbols(objects, "--undefined-only") - symbols(objects, "--defined-only")
    assert needed - EMITTED_BY_THE_COMPILER == seam


def test_the_engine_has_no_variable_of_its_own(objects):
    listing = subprocess.run([CROSS + "nm", "-P", *objects], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    kinds = [line.split()[1] for line in listing.splitlines() if not line.endswith(":")]
    assert not set(kinds) & set("dDbBcCsSgG")


@pytest.mark.parametrize("text", ["csrr a0, satp", "sfence.vma", "ecall", "wfi", "mret", "fence.i"])
def test_a_privileged_instruction_would_be_found(tmp_path, text):
    source = tmp_path / "bad.c"
    source.write_text(f'void bad(void) {{ __asm__ volatile("{text}" ::: "a0"); }}\n')
    assert [name for name in instructions(compile_engine(tmp_path, source))
            if PRIVILEGED.match(name)]
