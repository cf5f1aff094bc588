# SPDX-License-Identifier: BSD-2-Clause
"""host-hv beyond one guest with one vCPU: several of both, the keyboard, and what it refuses."""

import functools
import io
import json
import os
import pathlib
import re
import subprocess

import pexpect
import pytest

import hmode.qemu
from launcher import BUILD

CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hmode")
KERNEL = CACHE / "current/kernel/Image"
INITRD = BUILD / "guest/initramfs.cpio"
FIRST_MODULE = 0xb0000000
# Where the distribution's QEMU has its firmware, which ours comes without.
FIRMWARE = [word for folder in (CACHE / "current/qemu/usr/share/qemu", "/usr/share/qemu") for word in ("-L", str(folder))]


@functools.cache
def qemu():
    """The words that start QEMU: the launcher knows which, and what QEMU=hspt stands for."""
    return hmode.qemu.find(os.environ.get("QEMU", "")).words()


def command(guests, options="", harts=1, bios=BUILD / "hmcode/hmcode.bin", memory="2G", extensions=""):
    """guests: (kernel, initrd or None, bootargs) each; options are host-hv's, extensions more of the harts'."""
    words = [*qemu(), *FIRMWARE, "-M", "virt", "-cpu", "rv64,h=false,svade=true,svadu=false,smcntrpmf=true" + extensions,
             "-m", memory, "-smp", str(harts), "-nographic", "-no-reboot", "-bios", str(bios),
             "-kernel", str(BUILD / "host-hv/host-hv.bin"), "-append", options]
    at = FIRST_MODULE
    for kernel, initrd, bootargs in guests:
        bootargs = bootargs.replace(",", ",,")
        words += ["-device", f"guest-loader,addr={at:#x},kernel={kernel},bootargs={bootargs}"]
        if initrd:
            words += ["-device", f"guest-loader,addr={at + 0x4000000:#x},initrd={initrd}"]
        at += 0x8000000
    return words


def run(*args, **kwargs):
    """The console of a machine that ends by itself."""
    done = subprocess.run(command(*args, **kwargs), stdin=subprocess.DEVNULL, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").replace("\r", "")


def records(console):
    return [json.loads(text) for text in re.findall(r"\x1e(\{.*\})", console)]


def ends(console):
    return {r["vm"]: r["end"] for r in records(console) if "end" in r}


def payload(payloads, name):
    return (payloads / f"{name}.bin", None, "")


def linux(work=None):
    """Without work it opens a shell."""
    return (KERNEL, INITRD, "console=ttyS0 quiet no4lvl" + (f" hmwork={work}" if work else ""))


def lines_of(console, name):
    """What the guest wrote, host-hv's own lines left out."""
    own = re.search(r"pool \d+ pages free\n(?!vm)(.*)", console, re.S).group(1)
    lines = re.sub(r"\x1e.*", "", own).splitlines()
    return [line.removeprefix(name) for line in lines if line.startswith(name) and not line.startswith("host-hv: ")]


@pytest.mark.parametrize("harts", [1, 2])
def test_two_guests_each_have_their_own_lines(payloads, harts):
    """The same that the payload writes where it is alone, whole line by whole line."""
    guest = payload(payloads, "sbi")
    alone = [line for line in lines_of(run([guest], "mem=128M"), "") if line]
    console = run([guest, guest], "mem=128M", harts)
    assert ends(console) == {0: "shutdown", 1: "shutdown"}, console
    assert re.fullmatch(r"payload: [1-9]\d* ok, 0 failed", alone[-1]), alone
    for name in ("[vm0] ", "[vm1] "):
        assert [line for line in lines_of(console, name) if line] == alone, console


def test_two_guests_each_have_a_shell():
    """Prompts and echoes appear though no line feed ends them, also from a guest that never waits."""
    words = command([linux(), linux()], "mem=256M", harts=2)
    machine = pexpect.spawn(words[0], words[1:], timeout=120, encoding="utf-8")
    prompts = {0, 1}
    while prompts:
        machine.expect(r"\[vm([01])\] ~ # ")
        prompts.discard(int(machine.match[1]))
    machine.send("ec")
    machine.expect_exact("ec")
    machine.send("ho o''ne\r")
    machine.expect(r"ho o''ne\s+\[vm0\] one\s+\[vm0\] ~ # ")
    command_line(machine, "guest 1", "host-hv: the keyboard is vm1's")
    machine.send("printf ha''lf; while :; do :; done\r")
    machine.expect_exact("[vm1] half")
    command_line(machine, "guest 0", "host-hv: the keyboard is vm0's")
    machine.send("echo t''wo\r")
    machine.expect(r"\[vm0\] two\s+\[vm0\] ~ # ")
    machine.close(force=True)


@pytest.mark.parametrize("option", ["policy=ssp-hm", "policy=ssp", "policy=tsp"])
def test_a_fence_is_no_double_trap(payloads, option):
    """Where the firmware looks for the guest's page, a trap in M-mode is the answer."""
    console = run([payload(payloads, "flush")], f"mem=128M {option}", extensions=",smdbltrp=true,ssdbltrp=true")
    assert ends(console) == {0: "shutdown"}, console
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", console, re.M), console


def test_a_guest_that_never_yields_stops_nobody(payloads):
    words = command([payload(payloads, "endless-faults"), payload(payloads, "mmio")], "mem=128M")
    machine = pexpect.spawn(words[0], words[1:], timeout=60)
    machine.expect(r"\[vm1\] payload: [1-9]\d* ok, 0 failed")
    machine.expect_exact('{"end":"shutdown","vm":1}')
    machine.close(force=True)


DOMAIN = """
/dts-v1/;
/plugin/;
&{{/chosen}} {{
	domU1 {{
		compatible = "xen,domain";
		#address-cells = <2>;
		#size-cells = <2>;
		memory = <0 0x20000>;
		cpus = <2>;
		module@{at:x} {{
			compatible = "multiboot,kernel", "multiboot,module";
			reg = <0 {at:#x} 0 {size:#x}>;
			bootargs = "";
		}};
	}};
}};
"""


def test_dom0less_description(payloads, tmp_path):
    """QEMU writes no such node: take its device tree, and overlay one."""
    kernel = payloads / "sbi.bin"
    words = command([], "mem=512M")
    machine, domain, tree = machine_tree(tmp_path), tmp_path / "domain.dts", tmp_path / "tree.dtb"
    domain.write_text(DOMAIN.format(at=FIRST_MODULE, size=kernel.stat().st_size))
    subprocess.run(["dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", tmp_path / "domain.dtbo",
                    domain], check=True)
    subprocess.run(["fdtoverlay", "-i", machine, "-o", tree, tmp_path / "domain.dtbo"], check=True)
    done = subprocess.run([*words, "-dtb", tree, "-device",
                           f"loader,file={kernel},addr={FIRST_MODULE:#x},force-raw=on"],
                          stdin=subprocess.DEVNULL, timeout=60, stdout=subprocess.PIPE)
    console = done.stdout.decode().replace("\r", "")
    assert "vm0: 128 MB" in console and "2 vCPU" in console, console
    assert re.search(r"payload: [1-9]\d* ok, 0 failed\n", console), console
    assert ends(console) == {0: "shutdown"}


def test_two_linux_guests_share_one_hart():
    console = run([linux("fork"), linux("pipe")], "mem=256M")
    assert ends(console) == {0: "shutdown", 1: "shutdown"}, console
    assert "[vm0] hmwork: fork ok" in console
    assert "[vm1] hmwork: pipe ok" in console


def seeds(console):
    """Of the guests, in their order: which of them speaks first is left to chance."""
    return [seed for _, seed in sorted(re.findall(r"\[vm(\d)\] note rng-seed ([\w ]+)", console))]


def machine_tree(folder):
    """QEMU's tree of a machine without guests, whose modules QEMU adds to it when it starts."""
    tree = folder / "virt.dtb"
    subprocess.run([*command([], "mem=128M"), "-M", f"virt,dumpdtb={tree}"], check=True, capture_output=True)
    return tree


def seeds_of(guests, tree=()):
    done = subprocess.run([*command(guests, "mem=128M"), *tree], stdin=subprocess.DEVNULL, timeout=60,
                          stdout=subprocess.PIPE)
    console = done.stdout.decode(errors="replace").replace("\r", "")
    assert ends(console) == dict.fromkeys(range(len(guests)), "shutdown"), console
    return seeds(console)


def test_seeds_come_from_the_machine(payloads, tmp_path):
    """Each guest has its own, other ones in the next run, and none where the machine has none."""
    two = [payload(payloads, "tree")] * 2
    given = seeds_of(two) + seeds_of(two) + seeds_of(two, ["-seed", "1"])
    assert len(set(given)) == 6, given
    assert seeds_of(two, ["-seed", "1"]) == given[4:]
    tree = machine_tree(tmp_path)
    subprocess.run(["fdtput", "-d", tree, "/chosen", "rng-seed"], check=True)
    assert seeds_of(two, ["-dtb", str(tree)]) == []


# Each shape and each policy for each change; the others are the long part `host-hv`.
SEVERAL = [(2, 2, "policy=ssp-hm"), (2, 2, "policy=tsp"), (2, 1, "policy=ssp-hm"), (3, 2, "policy=ssp")]
SEVERAL_MORE = [(2, 2, "policy=ssp"), (2, 1, "policy=ssp"), (3, 2, "policy=ssp-hm")]


@pytest.mark.parametrize("vcpus, harts, option", [
    *SEVERAL, *(pytest.param(*each, marks=pytest.mark.long("host-hv")) for each in SEVERAL_MORE)])
def test_several_vcpus(vcpus, harts, option):
    console = run([linux("fork,cow,mprotect,shell")], f"mem=256M vcpus={vcpus} {option}", harts)
    assert ends(console) == {0: "shutdown"}, console
    assert "hmwork: all ok" in console
    assert "__sbi_rfence" not in console


def test_a_reboot_ends_the_guest():
    console = run([(KERNEL, None, "console=ttyS0 quiet no4lvl panic=-1")], "mem=256M")
    assert ends(console) == {0: "reboot"}, console


def test_the_keyboard_reaches_an_idle_guest():
    words = command([linux()], "mem=256M")
    shell = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8")
    shell.expect_exact("~ # ")
    for i in range(5):
        shell.expect(pexpect.TIMEOUT, timeout=0.3)  # the guest waits in WFI
        shell.sendline(f"echo is$(({i} * 7))")
        shell.expect_exact(f"is{i * 7}")
        shell.expect_exact("~ # ")
    shell.sendline("x=" + "y" * 400 + "; echo ${#x} letters")  # more than the UART holds
    shell.expect_exact("400 letters")
    shell.sendline(r"""printf '\036{"end":"forged"}\n'""")
    shell.expect(r'(.)\{"end":"forged"\}\r')
    assert shell.match.group(1) == "\n"  # without the byte that begins a record
    shell.sendline("exit")
    shell.expect_exact('{"end":"shutdown","vm":0}')
    shell.expect(pexpect.EOF)


CTRL_BRACKET = "\x1d"


def command_line(machine, line, *answers):
    """One line at host-hv's prompt, and what it says to it."""
    machine.send(CTRL_BRACKET)
    machine.expect_exact("host-hv> ")
    machine.send(line + "\r")
    for answer in answers:
        machine.expect_exact(answer)


def modes_of(machine):
    command_line(machine, "help")
    machine.expect(r"modes: ([a-z -]+);")
    return machine.match.group(1).split()


@pytest.mark.parametrize("vcpus, harts", [pytest.param(1, 1, marks=pytest.mark.long("host-hv")), (2, 2)])
def test_the_policy_changes_while_the_guest_works(vcpus, harts):
    """Every mode, and the policies between, in the midst of workloads that check their own results."""
    words = command([linux("fork,exec,mprotect,cow,sigsegv,shell")], f"mem=256M vcpus={vcpus} marks=1", harts)
    machine = pexpect.spawn(words[0], words[1:], timeout=120, encoding="utf-8")
    machine.logfile_read = log = io.StringIO()
    machine.expect_exact("Domain0 Next Address")
    machine.expect_exact("vm0: ")
    modes = modes_of(machine)
    assert {"ssp", "ssp-hm"} <= set(modes)
    policies = [*modes, "none", "flush", "inject,satp,fill"] * 3
    for policy in policies:
        command_line(machine, f"policy 0 {policy}", f"host-hv: vm0: policy {policy}")
    machine.expect_exact("hmwork: fork ok")
    for policy in policies:
        command_line(machine, f"policy 0 {policy}", f"host-hv: vm0: policy {policy}")
    command_line(machine, "stats", "host-hv: vm0: policy inject,satp,fill; since the last marker: traps ")
    machine.expect_exact("hmwork: all ok")
    machine.expect_exact('{"end":"shutdown","vm":0}')
    machine.expect(pexpect.EOF)
    marks = [r for r in records(log.getvalue()) if "mark" in r]
    assert marks and all(r["ok"] for r in marks)


def test_the_prompt_says_what_is_wrong(payloads):
    words = command([payload(payloads, "endless-timer"), payload(payloads, "endless-faults")], "mem=128M")
    machine = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8")
    machine.expect_exact("[vm0] note begins")
    command_line(machine, "polcy", "host-hv: there is no command 'polcy'; help lists them")
    command_line(machine, "policy", "host-hv: there is no guest ''")
    command_line(machine, "policy 2 ssp", "host-hv: there is no guest '2'")
    command_line(machine, "policy 1 ssp,fast",
                 "host-hv: a policy is a list of inject,satp,flush,fill, none, or one of tsp tsp-in-step ssp ssp-hm")
    command_line(machine, "policy 1", "host-hv: a policy is ")
    command_line(machine, "policy 1 sspx\x7f", "host-hv: vm1: policy ssp")
    command_line(machine, "guest 1", "host-hv: the keyboard is vm1's")
    command_line(machine, "guest 7", "host-hv: there is no guest '7'")
    command_line(machine, "stats", "host-hv: vm0: policy ssp-hm; ", "host-hv: vm1: policy ssp; ")
    machine.send(CTRL_BRACKET)
    machine.expect_exact("host-hv> ")
    machine.send("guest 0" + CTRL_BRACKET)		# leaves without doing anything
    command_line(machine, "stats", "vm0: policy ssp-hm; ")
    machine.close(force=True)


def cut(tmp_path, size):
    path = tmp_path / "Image"
    path.write_bytes(KERNEL.read_bytes()[:size])
    return path


@pytest.mark.parametrize("size", [10, 1000, 20_000_000])
def test_truncated_kernels_are_refused(tmp_path, size):
    console = run([(cut(tmp_path, size), None, "")], "mem=128M")
    assert "host-hv: vm0: the kernel is truncated" in console
    assert ends(console) == {None: "failure"}


def refused(why, *args, **kwargs):
    console = run(*args, **kwargs)
    assert f"host-hv: {why}" in console, console
    assert ends(console) == {None: "failure"}


def test_what_cannot_work_is_refused():
    one = [linux("boot")]
    refused("vm0: the initrd does not fit", one, "mem=34M")
    refused("vm0: the kernel does not fit", one, "mem=16M")
    refused("vm0: 8192 MB of memory are not there", one, "mem=8G")
    refused("vm0: the kernel is no Linux Image", [(INITRD, None, "")])
    refused("unknown option colour", one, "colour=green")
    refused("option policy= takes tsp, tsp-in-step, ssp, ssp-hm, hap, a list of ", one, "policy=satp,walk")
    refused("option policy= replaces hm= and shadow=", one, "policy=tsp shadow=tsp")
    refused("no guest", [], "mem=128M")


@pytest.mark.parametrize("former, policy, names", [
    ("hm=inject,flush", "inject,flush", ["hm"]), ("shadow=tsp hm=satp", "tsp", ["hm", "shadow"])])
def test_former_options_choose_the_policy_and_say_so(payloads, former, policy, names):
    words = command([payload(payloads, "endless-timer")], f"mem=128M {former}")
    machine = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8")
    for name in names:
        machine.expect(rf"host-hv: option {name}= is replaced by policy=, here policy={policy}\s")
    machine.expect_exact("note begins")
    command_line(machine, "stats", f"host-hv: vm0: policy {policy}; ")
    machine.close(force=True)


def test_other_firmware_is_refused():
    refused("no HM extension: start it on hmcode", [linux("boot")], bios="default")
