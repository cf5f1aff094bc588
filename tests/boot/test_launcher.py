# SPDX-License-Identifier: BSD-2-Clause
"""What the launcher and the fetcher say to bad input, and what they make of records.

No machine is started here: where one is needed a script stands in for QEMU.
"""

import gzip
import itertools
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import time

import pytest

from hmode import modes, options, results

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAUNCH = ROOT / "qemu-platform" / "launch"
FETCH = ROOT / "qemu-platform" / "fetch"
WORKLOADS = (ROOT / "tests" / "workloads" / "list").read_text().split()


def environment(variables):
    """With only these of the launcher's variables."""
    return {k: v for k, v in os.environ.items() if k not in options.TAKEN} | variables


def call(program, *words, **variables):
    return subprocess.run([str(program), *map(str, words)], capture_output=True, text=True, env=environment(variables),
                          stdin=subprocess.DEVNULL, timeout=300)


def begin(program, *words, **variables):
    """The same, which goes on meanwhile."""
    return subprocess.Popen([str(program), *map(str, words)], env=environment(variables), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def assert_refused(done, *texts):
    assert done.returncode == 2, done
    for text in texts:
        assert text in done.stderr


@pytest.mark.parametrize("option, there_is", [
    ("MODE=tps", "native tsp tsp-in-step ssp ssp-hm hap"),
    ("GUEST=windows", "debian"),
    ("WORKLOAD=fork,frok", " ".join(WORKLOADS)),
    ("PROFILE=u75", "virt virt-v u74"),
    ("WIDTH=sv32", "sv39 sv48 sv57"),
    ("MODES=native hip", "native tsp tsp-in-step ssp ssp-hm hap"),
    ("ICOUNT=yes", "0 1"),
    ("SVVPTC=2", "0 1"),
    ("MARKS=2", "0 1"),
    ("REBOOT=never", "end restart"),
    ("MARKS=0", "MARKS=1, or WORKLOAD=none"),
    ("POLICY=satp", "inject,satp,flush,fill"),
    ("POLICY=satp,everything", "inject satp flush fill"),
    ("VCPUS=0", "1 to 8"),
    ("HARTS=1000000000000", "1 to 8"),
    ("MEM=512", "512M or 2G"),
    ("MEM=1M", "64M to 16G"),
    ("MEM=129M", "even"),
    ("TIMEOUT=-1", "TIMEOUT=-1"),
    ("LADDER=2", "0 1"),
    ("ASIDLEN=6", "QEMU=strict"),
    ("MISALIGNED=yes", "access trap"),
    ("MEMORY=512M", "MEM"),
    ("fork", "NAME=VALUE"),
])
def test_bad_option_is_refused_with_what_there_is(option, there_is):
    assert_refused(call(LAUNCH, "options", option), option.split("=")[0], there_is)


def test_ladder_has_modes_of_its_own():
    assert_refused(call(LAUNCH, "options", "LADDER=1", "MODES=ssp"), "its own MODES")
    assert_refused(call(LAUNCH, "options", "LADDER=1", "POLICY=satp"), "its own MODES")
    assert call(LAUNCH, "options", "LADDER=1").returncode == 0


def test_u74_is_sv39_only():
    assert_refused(call(LAUNCH, "options", "PROFILE=u74", "WIDTH=sv48"), "there is: WIDTH=sv39, or PROFILE=virt\n")


def test_result_needs_a_workload():
    assert_refused(call(LAUNCH, "options", "WORKLOAD=none", "RESULT=x.json"), "needs a WORKLOAD")


def test_unknown_command_is_refused():
    assert_refused(call(LAUNCH, "boot"), "run show shell debug gdb measure")


def test_make_refuses_a_variable_it_does_not_know():
    done = call("make", "-C", ROOT, "options", "WORKLAOD=fork")
    assert done.returncode != 0
    assert "no option 'WORKLAOD'" in done.stderr


def image(size=4096, image_size=None, magic=b"RSC\x05", pe_end=None):
    """A file with a Linux Image header, and a PE header if it shall tell where it ends."""
    data = bytearray(size)
    struct.pack_into("<Q", data, 16, size if image_size is None else image_size)
    data[56:60] = magic
    if pe_end is not None:
        struct.pack_into("<I", data, 60, 64)
        struct.pack_into("<4sHH12xH", data, 64, b"PE\0\0", 0x5064, 1, 0)
        struct.pack_into("<16xII", data, 64 + 24, pe_end - 1024, 1024)
    return bytes(data)


@pytest.mark.parametrize("content, why", [
    (b"", "too short"),
    (b"hello" * 100, "no riscv Linux Image"),
    (image(magic=b"ARM\x64"), "no riscv Linux Image"),
    (b"\x7fELF" + bytes(100), "ELF"),
    (b"\x1f\x8b\x08\x00" + bytes(100), "gzip"),
    (image(pe_end=8192), "truncated: 4096 bytes of 8192"),
    (image(image_size=100), "wrong size"),
    (image(image_size=2**63), "wrong size"),
])
def test_bad_kernel_is_refused(tmp_path, content, why):
    kernel = tmp_path / "Image"
    kernel.write_bytes(content)
    assert_refused(call(LAUNCH, "options", f"KERNEL={kernel}"), why)


@pytest.mark.parametrize("content", [image(), image(pe_end=4096), image(image_size=10**6)])
def test_good_kernel_is_taken(tmp_path, content):
    kernel = tmp_path / "Image"
    kernel.write_bytes(content)
    assert call(LAUNCH, "options", f"KERNEL={kernel}").returncode == 0


def test_missing_files_are_named(tmp_path):
    assert_refused(call(LAUNCH, "options", "KERNEL=/nowhere/Image"), "KERNEL=/nowhere/Image")
    kernel = tmp_path / "Image"
    kernel.write_bytes(image())
    assert_refused(call(LAUNCH, "options", f"KERNEL={kernel}", "INITRD=/nowhere/cpio"), "INITRD=/nowhere/cpio")


def test_initrd_too_large_for_the_memory(tmp_path):
    kernel, initrd = tmp_path / "Image", tmp_path / "initrd"
    kernel.write_bytes(image())
    with initrd.open("wb") as file:
        file.truncate(200 << 20)
    options = [f"KERNEL={kernel}", f"INITRD={initrd}"]
    assert_refused(call(LAUNCH, "options", *options, "MEM=128M"), "memory is 128M", "larger MEM")
    assert call(LAUNCH, "options", *options, "MEM=512M").returncode == 0


# From here on a script stands in for QEMU.

COUNTS = {
    "vm_exits": {"total": 3, "memory": 1, "by_reason": {"pool": 1, "mmio": 2}},
    "hm_traps": {"total": 7, "memory": 5, "by_kind": {"fill": 5, "sbi_time": 2}},
    "instructions": {"total": 1100, "guest": 1000, "host": 40, "hm": 60},
    "ring": {"entries": 9, "flushes": 4, "hints_used": 3, "hints_lost": 2},
    "longest_m_stay": 321, "walk_refs": None,
}


def console(*names, ok=True, end="shutdown"):
    lines = ["noise\x1e" + json.dumps({"mark": WORKLOADS.index(n), "ok": ok} | COUNTS) for n in names]
    lines += [f"hmwork: {n} ok" for n in names]
    return "\r\n".join(lines + ["\x1e" + json.dumps({"end": end, "vm": 0})]) + "\r\n"


HART = """/dts-v1/;
/ { cpus { cpu@0 { riscv,isa = "rv64im_zicsr_smcntrpmf_sstc_ssu64xl_zmmul";
                   riscv,isa-extensions = "i", "m", "zicsr", "smcntrpmf", "sstc", "ssu64xl", "zmmul"; }; }; };
"""


@pytest.fixture
def machine(tmp_path):
    """machine(console, ...): the launcher's run of a machine that prints this."""
    build = tmp_path / "build"
    for file in ["hmcode/hmcode.bin", "host-hv/host-hv.bin", "guest/initramfs.cpio"]:
        (build / file).parent.mkdir(parents=True)
        (build / file).touch()
    kernel = tmp_path / "Image"
    kernel.write_bytes(image())
    subprocess.run(["dtc", "-o", tmp_path / "tree"], input=HART, text=True, check=True, stderr=subprocess.DEVNULL)

    def run(text, *words, then="exit 0", version="10.0.2", command="run", at_once=False):
        (tmp_path / "text").write_text(text)
        qemu = tmp_path / "qemu"
        qemu.write_text(f"#!/bin/sh\n[ \"$1\" != --version ] || {{ echo QEMU emulator version {version}; exit; }}\n"
                        f"for word; do :; done\n"
                        f"case $word in dumpdtb=*) exec cp {tmp_path}/tree \"${{word#dumpdtb=}}\" ;; esac\n"
                        f"printf '%s\\n' \"$@\" > {tmp_path}/words\ncat {tmp_path}/text\n{then}\n")
        qemu.chmod(0o755)
        return (begin if at_once else call)(LAUNCH, command, f"QEMU={qemu}", f"KERNEL={kernel}", *words, BUILD=str(build))

    run.folder = tmp_path
    return run


def test_a_native_tree_names_only_what_guests_are_offered(machine):
    assert machine("", "MODE=native", "WORKLOAD=none").returncode == 0
    words = (machine.folder / "words").read_text().splitlines()
    tree = words[words.index("-dtb") + 1]
    for name, value in [("riscv,isa-extensions", "i m zicsr sstc zmmul"), ("riscv,isa", "rv64im_zicsr_sstc_zmmul")]:
        assert subprocess.run(["fdtget", tree, "/cpus/cpu@0", name], capture_output=True, text=True,
                              check=True).stdout.strip() == value


def test_a_guests_tree_is_left_to_host_hv(machine):
    assert machine("\x1e{\"end\":\"shutdown\",\"vm\":0}\n", "MODE=ssp-hm", "WORKLOAD=none").returncode == 0
    assert "-dtb" not in (machine.folder / "words").read_text()


def test_result_object_to_the_letter(machine):
    result = machine.folder / "out.json"
    done = machine(console("boot", "fork"), "WORKLOAD=fork", f"RESULT={result}", "PROFILE=u74", "VCPUS=2")
    assert done.returncode == 0, done
    told = json.loads(result.read_text())
    versions = told.pop("versions")
    assert set(versions) == {"hmode", "commit", "changed", "qemu", "kernel", "compiler", "packages"}
    assert versions["kernel"] is None and versions["packages"] == []       # a kernel of one's own is its file
    assert told == {
        "schema": 1, "mode": "ssp-hm", "hm": ["inject", "satp", "flush", "fill"], "guest": "Image",
        "workload": "fork", "profile": "u74", "vcpus": 2, "harts": 1, "icount": True,
        "svadu": "0", "svvptc": False, "roots": 16, "hostpages": "max", "ok": True, "ring": None, "guest_ring": None, "shadow": None,
        "translation": None} | COUNTS


def words_of(machine):
    return (machine.folder / "words").read_text().split()


@pytest.mark.parametrize("mode", ["native", "ssp-hm"])
def test_only_a_workload_or_the_user_turns_markers_on(machine, mode):
    machine(console(), f"MODE={mode}")
    assert "marks=1" not in words_of(machine)
    machine(console(), f"MODE={mode}", "MARKS=1")
    assert "marks=1" in words_of(machine)
    machine(console("fork"), f"MODE={mode}", "WORKLOAD=fork")
    assert "marks=1" in words_of(machine)


def test_instructions_are_not_told_without_icount(machine):
    result = machine.folder / "out.json"
    machine(console("fork"), "WORKLOAD=fork", f"RESULT={result}", "ICOUNT=0")
    told = json.loads(result.read_text())
    assert set(told["instructions"].values()) == {None}
    assert told["longest_m_stay"] is None
    assert told["vm_exits"]["total"] == 3


@pytest.mark.parametrize("text, words, why", [
    (console("fork", ok=False), ["WORKLOAD=fork"], "workload 'fork' gave no correct result"),
    (console("fork"), ["WORKLOAD=fork,pipe"], "workload 'pipe' gave no correct result"),
    (console("fork", end="failure"), ["WORKLOAD=fork"], "did not shut down: failure"),
    ("host-hv: no HM extension\n", [], "cause: host-hv: no HM extension"),
    ("Kernel panic - not syncing: no root\n", ["MODE=native"], "Kernel panic - not syncing: no root"),
], ids=["wrong", "missing", "failure", "host-hv", "panic"])
def test_failed_run_says_why_and_leaves_no_result(machine, text, words, why):
    result = machine.folder / "out.json"
    if any(w.startswith("WORKLOAD") for w in words):
        words = words + [f"RESULT={result}"]
    done = machine(text, *words)
    assert done.returncode == 1
    assert why in done.stderr
    assert not result.exists()


def test_a_reboot_is_an_end_as_it_is_natively(machine):
    assert machine(console(end="reboot")).returncode == 0
    assert machine(console("fork", end="reboot"), "WORKLOAD=fork").returncode == 0


def test_hung_machine_is_ended(machine):
    done = machine("", "TIMEOUT=1", then="exec sleep 60")
    assert done.returncode == 1
    assert "still running after 1 seconds" in done.stderr


def test_a_kernel_that_panics_and_stays_is_ended_at_once(machine):
    """So early that it does not know panic= yet: nobody waits for TIMEOUT."""
    begin = time.monotonic()
    done = machine("Kernel panic - not syncing: no memory\n---[ end Kernel panic - not syncing: no memory ]---\n",
                   "TIMEOUT=500", then="exec sleep 600")
    assert done.returncode == 1 and "the guest's kernel panicked, and stayed" in done.stderr, done
    assert "cause: Kernel panic - not syncing: no memory" in done.stderr and time.monotonic() - begin < 100


def test_a_root_that_cannot_be_unpacked_is_the_cause(machine):
    told = "Initramfs unpacking failed: broken\nKernel panic - not syncing: VFS: Unable to mount root fs\n"
    assert "cause: Initramfs unpacking failed: broken" in machine(told).stderr


@pytest.mark.parametrize("prompt, waits", [("~ # ", True), ("/ # \x1b[6n", True), ("debian login: ", True), ("# \n", False),
                                           ("~ # \x1b[6nqemu-system-riscv64: terminating on signal 15 from pid 7\n", True)])
def test_a_guest_that_waits_for_a_keyboard_is_told_of_one(machine, prompt, waits):
    done = machine(prompt, "TIMEOUT=1", then="exec sleep 60")
    assert done.returncode == 1 and ("make shell has one" in done.stderr) == waits, done


def test_that_the_launcher_ended_a_machine_is_no_cause(machine):
    done = machine("qemu-system-riscv64: terminating on signal 15 from pid 7\n", "TIMEOUT=1", then="exec sleep 60")
    assert "cause: it gave no reason" in done.stderr


def test_failing_qemu_is_reported(machine):
    done = machine("qemu-system-riscv64: cannot set up guest memory\n", then="exit 1")
    assert done.returncode == 1
    assert "status 1" in done.stderr and "cannot set up guest memory" in done.stderr


def test_old_qemu_is_refused(machine):
    done = machine("", version="7.2.17")
    assert done.returncode == 1
    assert "version 7, 10 or later is needed" in done.stderr


def test_a_program_that_is_no_qemu_is_named():
    done = call(LAUNCH, "run", "MODE=native", "WORKLOAD=fork", "QEMU=/bin/true")
    assert done.returncode == 1 and "QEMU=/bin/true does not say which version of QEMU it is" in done.stderr, done


def test_qemu_that_is_no_program():
    done = call(LAUNCH, "run", "QEMU=/nowhere/qemu")
    assert_refused(done, "QEMU=/nowhere/qemu")


def test_words_with_spaces_and_quotes_reach_the_guest(machine):
    machine(console(), "APPEND=a=1,2 b='c d'")
    words = (machine.folder / "words").read_text()
    assert "a=1,,2 b='c d'" in words


@pytest.mark.parametrize("words", ["", "root=/dev/vda  ro", "a=1,2 b='c d' # $HOME"])
def test_the_whole_command_line_is_the_users(machine, words):
    machine(console(), "MODE=native", f"CMDLINE={words}")
    given = (machine.folder / "words").read_text().splitlines()
    assert given[given.index("-append") + 1] == words
    machine(console(), "MODE=ssp-hm", f"CMDLINE={words}")
    given = (machine.folder / "words").read_text()
    assert ",bootargs=" + words.replace(",", ",,") + "\n" in given


@pytest.mark.parametrize("words, there_is", [
    (["APPEND=quiet"], "CMDLINE: these words alone"),
    (["WORKLOAD=fork"], "WORKLOAD=none"),
    (["GUEST=patched-off"], "hm=off in CMDLINE"),
    (["MODE=native", "MARKS=1"], "marks=1 in CMDLINE"),
])
def test_what_needs_words_of_its_own_is_refused(words, there_is):
    assert_refused(call(LAUNCH, "options", "CMDLINE=console=ttyS0", *words), there_is)
    assert call(LAUNCH, "options", "CMDLINE=console=ttyS0 marks=1", "MARKS=1", "MODE=native").returncode == 0


@pytest.mark.parametrize("icount, fixed", [(1, True), (0, False)])
def test_seed_and_date_are_fixed_where_instructions_are_counted(machine, icount, fixed):
    machine(console(), f"ICOUNT={icount}")
    assert ("base=2025-01-01,clock=vm" in words_of(machine)) == fixed
    assert ("-seed" in words_of(machine)) == fixed


def test_missing_tool_is_named_with_its_package(machine):
    tools = machine.folder / "tools"
    tools.mkdir()
    for name in "sh dirname".split():
        (tools / name).symlink_to(shutil.which(name))
    kernel = machine.folder / "Image"
    done = call(LAUNCH, "run", f"KERNEL={kernel}", PATH=str(tools), PYTHON="python3")
    assert done.returncode == 1
    assert "python3' is missing" in done.stderr and "package 'python3'" in done.stderr


# The fetcher.

def test_fetch_of_an_unknown_thing():
    assert_refused(call(FETCH, "kernle"), "opensbi kernel busybox")


def test_cache_that_cannot_be_written():
    done = call(FETCH, "busybox", HMODE_CACHE="/dev/null/cache")
    assert done.returncode == 1
    assert "HMODE_CACHE" in done.stderr


def test_full_disk(tmp_path):
    df = tmp_path / "bin" / "df"
    df.parent.mkdir()
    df.write_text("#!/bin/sh\necho Filesystem\necho none 20480 19456 1024 95% /\n")
    df.chmod(0o755)
    done = call(FETCH, "busybox", HMODE_CACHE=str(tmp_path / "cache"), PATH=f"{df.parent}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "only 1 MiB free" in done.stderr


def test_no_network_leaves_nothing_half_written(tmp_path):
    cache = tmp_path / "cache"
    (cache / "store" / "tmp.1").mkdir(parents=True)     # as an interrupted fetch leaves it
    closed = "http://127.0.0.1:9"
    done = call(FETCH, "busybox", HMODE_CACHE=str(cache), http_proxy=closed, https_proxy=closed)
    assert done.returncode == 1
    assert "check the network" in done.stderr
    assert list((cache / "store").iterdir()) == []
    assert list((cache / "current").iterdir()) == []


# As packages hold them: an Image, and in newer suites beside the modules, perhaps packed.
@pytest.mark.parametrize("name, release", [
    ("boot/vmlinux-6.12.1-riscv64", "6.12.1-riscv64"),
    ("usr/lib/modules/7.2.13+deb14-riscv64/vmlinuz", "7.2.13+deb14-riscv64"),
])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_kernel_is_found_in_its_package(tmp_path, name, release, pack):
    content = image(pe_end=4096)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(pack(content))
    function = re.search(r"^kernel_image\(\)\n\{.*?^\}", FETCH.read_text(), re.M | re.S)[0]
    script = f'here={FETCH.parent}; . "$here/lib.sh"; {function}\ntmp=$1; kernel_image'
    subprocess.run(["sh", "-euc", script, "sh", tmp_path], check=True)
    assert (tmp_path / "Image").read_bytes() == content
    assert (tmp_path / "release").read_text() == release + "\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Image", "release"]


def test_a_package_without_a_kernel(tmp_path):
    function = re.search(r"^kernel_image\(\)\n\{.*?^\}", FETCH.read_text(), re.M | re.S)[0]
    done = subprocess.run(["sh", "-euc", f'here={FETCH.parent}; . "$here/lib.sh"; {function}\ntmp=$1; kernel_image',
                           "sh", tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and "usr/lib/modules/*/vmlinuz" in done.stderr


# Tables, made from result files.

def result(mode, workload, instructions, traps=0, hm=None, **reasons):
    by_reason = {name: reasons.get(name, 0) for name in ["mmio", "pt_write", "flush", "true_fault"]}
    total = sum(by_reason.values())
    return {"mode": mode, "hm": list(modes.MODES[mode] if hm is None else hm), "workload": workload,
            "vm_exits": {"total": total, "memory": total - by_reason["mmio"], "by_reason": by_reason},
            "hm_traps": {"total": traps + 1, "memory": traps, "by_kind": {"fill": traps, "sbi_time": 1}},
            "instructions": {"total": instructions}}


def table(maker, *of):
    """The lines that one of the makers of tables makes of these results, as words."""
    lines = maker(of)
    assert max(map(len, lines), default=0) <= 120
    return [text.split() for text in lines]


def test_counts_are_compared_with_native_and_with_tsp():
    lines = table(results.counts,
                  result("native", "fork", 1000), result("native", "pipe", 1000),
                  result("tsp", "fork", 4000, pt_write=90, true_fault=10, mmio=1), result("tsp", "pipe", 1000),
                  result("ssp", "fork", 2000, traps=20, flush=40), result("ssp", "pipe", 1000, traps=2))
    assert lines == [
        ["workload", "mode", "exits", "(memory)", "traps", "transitions", "instructions",
         "vs", "native", "exits", "vs", "tsp", "transitions", "vs", "tsp"],
        ["fork", "native", "0", "0", "1", "1", "1000", "1.000"],
        ["tsp", "101", "100", "1", "102", "4000", "4.000"],
        ["ssp", "40", "40", "21", "61", "2000", "2.000", "-60.0%", "-40.0%"],
        ["pipe", "native", "0", "0", "1", "1", "1000", "1.000"],
        ["tsp", "0", "0", "1", "1", "1000", "1.000"],
        ["ssp", "0", "0", "3", "3", "1000", "1.000", "-", "-"],
        ["sum", "native", "0", "0", "2", "2", "2000", "1.000"],
        ["tsp", "101", "100", "2", "103", "5000", "2.500"],
        ["ssp", "40", "40", "24", "64", "3000", "1.500", "-60.0%", "-38.0%"],
        ["geom.", "mean", "tsp", "2.000"],
        ["ssp", "1.414"]]


def test_what_was_not_measured_is_not_told():
    lines = table(results.counts, result("ssp", "fork", None, flush=4))
    assert lines == [["workload", "mode", "exits", "(memory)", "traps", "transitions"],
                     ["fork", "ssp", "4", "4", "1", "5"]]


def test_a_row_names_a_policy_that_is_not_its_modes_own():
    given = [result("tsp", "fork", 9, pt_write=3), result("ssp", "fork", 9, hm=[], flush=1),
             result("ssp", "fork", 9, hm=["inject", "satp", "flush"], flush=1), result("ssp", "fork", 9, flush=1)]
    for lines in (results.counts(given), results.reasons(given)[1:]):
        named = [re.match(r"ssp( [a-z,]+)?(?= )", text[11:])[0] for text in lines[2:]]
        assert named == ["ssp none", "ssp inject,satp,flush", "ssp"]


def test_exits_for_memory_by_reason():
    given = [result("native", "fork", 1), result("tsp", "fork", 1, pt_write=90, true_fault=10, mmio=1),
             result("ssp", "fork", 1, flush=4), result("ssp-hm", "fork", 1, mmio=7)]
    assert table(results.reasons, *given)[1:] == [
        ["exits", "for", "memory", "pt_write", "flush", "true_fault"],
        ["fork", "tsp", "90", "0", "10"],
        ["ssp", "0", "4", "0"]]
    assert table(results.reasons, given[0], given[3]) == []


def test_traps_for_memory_by_kind():
    given = [result("tsp", "fork", 1, pt_write=9), result("ssp-hm", "fork", 1, traps=7), result("ssp-hm", "pipe", 1, traps=2)]
    assert table(results.kinds, *given)[1:] == [["traps", "for", "memory", "fill"], ["fork", "ssp-hm", "7"], ["pipe", "ssp-hm", "2"]]
    assert table(results.kinds, given[0]) == []


def test_a_native_hart_with_svadu_is_beside_one_without():
    given = [result("native", "fork", 2000), result("native", "pipe", 1000),
             *({"svadu": "1"} | result(*each) for each in [("native", "fork", 1600), ("native", "pipe", 1000),
                                                           ("ssp-hm", "fork", 2400), ("ssp-hm", "pipe", 1000)])]
    lines = table(results.table, *given)
    assert [line[:3] + line[-1:] for line in lines[1:4]] == [
        ["fork", "native", "Svade", "1.250"], ["native", "0", "0", "1.000"], ["ssp-hm", "0", "0", "1.500"]]
    assert lines[lines.index([]) + 1:] == [
        ["against", "native:", "with", "Svadu", "without"],
        ["fork", "ssp-hm", "1.500", "1.200"],
        ["pipe", "ssp-hm", "1.000", "1.000"],
        ["geom.", "mean", "ssp-hm", "1.225", "1.095"]]
    assert [] not in table(results.table, *given[2:])


def test_what_a_step_of_the_ladder_is_worth():
    lines = table(results.steps, result("native", "fork", 1000), result("tsp", "fork", 3000, pt_write=9),
                  result("ssp", "fork", 2000, hm=[], flush=30, true_fault=10),
                  result("ssp", "fork", 1500, traps=30, hm=["flush"], true_fault=10))
    assert lines[2:] == [
        ["tsp", "9", "9", "3.000"],
        ["ssp", "none", "40", "40", "2.000", "-", "-", "-", "-", "-75.0%", "-0.500", "-", "-"],
        ["ssp", "flush", "10", "40", "1.500", "-", "-", "-", "-", "-", "-"],
        ["on", "average", "-", "-", "-", "-", "-30", "-0.500", "-", "-"]]


def test_what_a_step_of_the_ladder_is_worth_on_average():
    events = ["inject", "satp", "flush", "fill"]
    policies = [list(policy) for size in range(5) for policy in itertools.combinations(events, size)]
    lines = table(results.steps, result("native", "fork", 1000),
                  *[result("ssp", "fork", 2000 - (400 if "flush" in policy else 0) - 100 * len(policy), hm=policy,
                           flush=(0 if "flush" in policy else 30) + 5 - len(policy)) for policy in policies])
    assert lines[2][:8] == ["ssp", "none", "35", "35", "2.000", "-2.9%", "-0.100", "-2.9%"]
    assert lines[-1] == ["on", "average", "-1", "-0.100", "-1", "-0.100", "-31", "-0.500", "-1", "-0.100"]


@pytest.mark.parametrize("asidlen", ["17", "-1", "x"])
def test_a_strict_hart_has_up_to_16_bits_of_asid(asidlen):
    assert_refused(call(LAUNCH, "options", "QEMU=strict", f"ASIDLEN={asidlen}"), f"ASIDLEN={asidlen}", "0 to 16")


def test_nothing_is_imported_from_the_folder_that_the_user_is_in(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('imported')\n")
    done = subprocess.run([LAUNCH, "version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("hmode "), done


def test_what_never_ends_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path, why in ((tmp_path / "fifo", "no readable file"), ("/dev/zero", "no readable file"), (tmp_path, "a folder")):
        assert_refused(call(LAUNCH, "options", f"KERNEL={path}"), f"KERNEL={path} is {why}")


def test_files_beside_a_kernel_of_ours_are_looked_at_first():
    for option in ("DTB=/nowhere", "INITRD=/nowhere"):
        assert_refused(call(LAUNCH, "options", option), f"{option} is not there")


@pytest.mark.parametrize("option", ["LOG", "RESULT"])
def test_what_cannot_be_written_is_named_before_the_run(tmp_path, option):
    done = call(LAUNCH, "run", f"{option}={tmp_path}/missing/file")
    assert done.returncode == 1, done
    assert done.stderr == f"hmode: {option}={tmp_path}/missing/file cannot be written: its folder is not there\n"


def test_what_turns_out_to_be_no_file_is_named(tmp_path, machine):
    done = machine(console(), f"LOG={tmp_path}")
    assert done.returncode == 1, done
    assert done.stderr == f"hmode: LOG={tmp_path} cannot be written: Is a directory\n"


@pytest.mark.parametrize("path, why", [("/proc/version", "No such file or directory"), ("/tmp", "it is no file"),
                                       ("/dev/null", "it is no file")])
def test_a_result_that_cannot_be_written_is_named_before_the_run(machine, path, why):
    done = machine(console("fork"), "WORKLOAD=fork", f"RESULT={path}")
    assert done.returncode == 1 and done.stderr == f"hmode: RESULT={path} cannot be written: {why}\n", done
    assert not (machine.folder / "words").exists()


def test_a_second_run_in_a_tree_is_refused(machine):
    """The first has all of its log and its result."""
    result, log = machine.folder / "out.json", machine.folder / "build/log/ssp-hm-virt.log"
    first = machine(console("fork"), "WORKLOAD=fork", f"RESULT={result}", at_once=True, then="sleep 3")
    while not log.exists() or not log.read_text():
        assert first.poll() is None
    second = machine(console("pipe"), "WORKLOAD=pipe")
    assert second.returncode == 1 and second.stderr == \
        f"hmode: another run writes {log}\n       wait until that one ends, or let LOG= name another file\n"
    third = machine(console("pipe"), "WORKLOAD=pipe", f"RESULT={result}", f"LOG={machine.folder}/third")
    assert third.returncode == 1 and f"another run writes {result}\n" in third.stderr
    assert first.wait() == 0
    assert log.read_text().count("hmwork: fork ok") == 1 and json.loads(result.read_text())["workload"] == "fork"
    assert machine(console("pipe"), "WORKLOAD=pipe", f"RESULT={result}").returncode == 0
    assert json.loads(result.read_text())["workload"] == "pipe" and not list(machine.folder.glob(".*"))


def test_a_result_touches_no_file_of_another_name(machine, tmp_path):
    result = tmp_path / "out.json"
    for name in ("out.json.new", "victim"):
        (tmp_path / name).write_text("mine")
    assert machine(console("fork"), "WORKLOAD=fork", f"RESULT={result}").returncode == 0
    (tmp_path / ".out.json.hmode").symlink_to("victim")
    done = machine(console("fork"), "WORKLOAD=fork", f"RESULT={result}")
    assert done.returncode == 1 and f"RESULT={result} cannot be written" in done.stderr
    assert (tmp_path / "out.json.new").read_text() == (tmp_path / "victim").read_text() == "mine"


def test_many_runs_have_a_result_together_and_logs_of_their_own(machine):
    result = machine.folder / "out.json"
    done = machine(console("fork"), "MODES=ssp tsp", "WORKLOADS=fork", f"RESULT={result}", f"LOG={machine.folder}/a.log",
                   "INITRD=none", command="measure")
    assert done.returncode == 0, done
    assert [json.loads(line)["mode"] for line in result.read_text().splitlines()] == ["ssp", "tsp"]
    assert {path.name for path in machine.folder.glob("a*")} == {"a-ssp.log", "a-tsp.log"}


def test_the_tour_names_the_users_kernel(machine):
    done = machine(console("fork"), "WORKLOAD=fork", "INITRD=none", command="tour")
    assert done.returncode == 0 and done.stdout.startswith(f"{machine.folder}/Image, in these modes (native"), done


@pytest.mark.parametrize("keeps", [True, False])
def test_the_tour_has_hap_where_the_machine_can(machine, keeps):
    told = ("" if keeps else "hmcode: mstatus.MPV cannot be written on this hart\r\n") + console("fork")
    done = machine(told, "WORKLOAD=fork", "INITRD=none", f"RESULT={machine.folder}/out.json", command="tour")
    assert done.returncode == 0 and "(native tsp ssp ssp-hm hap)" in done.stdout, done
    found = [json.loads(line)["mode"] for line in (machine.folder / "out.json").read_text().splitlines()]
    assert found == ["native", "tsp", "ssp", "ssp-hm"] + ["hap"] * keeps
    assert ("hap is left out: this QEMU runs no guest by the H extension" in done.stderr) != keeps, done


def test_a_table_without_hap_is_shown_where_the_machine_cannot(machine):
    """What the other modes gave is not lost; that it was asked for and is not there fails."""
    told = "hmcode: mstatus.MPV cannot be written on this hart\r\n" + console("fork")
    result = machine.folder / "out.json"
    done = machine(told, "WORKLOAD=fork", "INITRD=none", "MODES=hap native", f"RESULT={result}", command="measure")
    assert done.returncode == 1 and "make qemu, and then the same with QEMU=hspt" in done.stderr, done
    assert "fork       native" in done.stdout and '"mode":"native"' in result.read_text()
    alone = machine(told, "WORKLOAD=fork", "INITRD=none", "MODE=hap")
    assert alone.returncode == 1 and "make qemu" in alone.stderr and "the end of" not in alone.stderr
