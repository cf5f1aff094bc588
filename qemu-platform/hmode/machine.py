# SPDX-License-Identifier: BSD-2-Clause
"""From options to a QEMU command, as a list of words."""

import re
import shutil
import subprocess

from hmode import devices, modes, program, regions, tree, walks
from hmode.devices import escaped
from hmode.image import RAM
from hmode.messages import Failed

HOST_MIB = 512              # firmware, host-hv and shadow tables, beside the guest's memory; 256 of it above the pool
MODULES = RAM + (64 << 20)
MIB = 1 << 20

# Who sets A and D is the same natively and in guests (SVADU), but a guest's own hart never does.  `u74` is what boards without the H extension are;
# smcntrpmf is there for measuring alone.
VIRT = "rv64,h=false,zawrs=false,zicbom=false,zicbop=false"
HARTS = {
    "virt": VIRT,
    "virt-v": f"{VIRT},v=true,vlen=128",
    "u74": "rv64i,m=true,a=true,f=true,d=true,c=true,s=true,u=true,mmu=true,pmp=true,sv39=on,"
           "zicsr=true,zifencei=true,zicntr=true,zba=true,zbb=true",
}
# By whether instructions are counted: hmcode takes the counter 18 for itself then (hmcode/host/retired.c).  What it cannot
# use a native kernel would have, and no guest has any.
COUNTERS = {1: "zihpm=true,pmu-mask=0x40000", 0: "zihpm=false"}
AD = {"0": "svade=true,svadu=false", "1": "svade=false,svadu=true", "fwft": "svade=true,svadu=true"}
PMP_REGIONS = {"virt": 16, "virt-v": 16, "u74": 8}
WIDTH_WORDS = {"sv39": ["no4lvl"], "sv48": ["no5lvl"], "sv57": []}


def cpu(settings):
    hart = HARTS[settings.profile].replace("h=false", "h=true") if settings.has_h else HARTS[settings.profile]
    words = [hart, f"{AD[settings.svadu if settings.is_native else '0']},smcntrpmf=true,{COUNTERS[settings.icount]}"]
    if settings.is_native and not settings.svvptc:
        words.append("svvptc=false")
    if settings.strict:
        # What a board lacks of ASIDs and PMP entries is lacking there as well (docs/strict.md).
        words.append(f"x-strict-tlb={settings.strict},asidlen={settings.asidlen},"
                     f"num-pmp-regions={PMP_REGIONS[settings.profile]}")
    if settings.misaligned == "trap":
        words.append("x-misaligned=trap")
    if settings.without:
        words.append(f"{settings.without}=false")
    return ",".join(words)


def command_line(settings):
    """The kernel's, the same natively and in a guest.  APPEND stands last even where it is empty: what is measured
    must not change by a blank."""
    if settings.cmdline is not None:
        return settings.cmdline
    words = ["console=ttyS0", "earlycon=sbi", "panic=-1", "norandmaps", *WIDTH_WORDS[settings.width]]
    if settings.guest == "patched-off":
        words.append("hm=off")
    if settings.workload:
        words += ["quiet", f"hmwork={','.join(settings.workload)}"]
    if settings.programs:
        words.append("quiet")
    if settings.programs or devices.loads_drivers(settings):
        words.append(f"rdinit={devices.FIRST if devices.loads_drivers(settings) else program.FIRST}")
    if settings.marks:
        words.append("marks=1")     # for the firmware natively, for host-hv otherwise
    if settings.tells_regions:
        words.append(regions.WORD)
    return " ".join([*words, settings.append])


def host_options(settings):
    words = [f"mem={settings.mem}", f"vcpus={settings.vcpus}",
             f"policy={modes.for_host(settings.mode, settings.policy)}", f"width={settings.width}",
             f"svvptc={settings.svvptc}", f"marks={settings.marks}", f"reboot={settings.reboot}"]
    if settings.svadu != "0":
        words.append(f"svadu={settings.svadu}")
    if settings.roots != modes.ROOTS:
        words.append(f"roots={settings.roots}")
    if settings.mode == modes.HAP:
        words.append(f"hostpages={settings.hostpages}")
    # A guest may not forge records where they are read.
    return " ".join(words + (["console=all"] if settings.interactive and not settings.marks else []))


def length(path):
    return path.stat().st_size


def native_software(settings, kernel, initrd):
    words = ["-m", f"{settings.mib}M", "-kernel", str(kernel), "-append", command_line(settings)]
    if initrd:
        words += ["-initrd", str(initrd)]
    return words + (["-dtb", settings.dtb] if settings.dtb else [])


def module(at, kind, path, more=""):
    return ["-device", f"guest-loader,addr={at:#x},{kind}={escaped(str(path))}{more}"]


def up(address, unit):
    return (address + unit - 1) // unit * unit


def modules(settings, at, kernel, initrd, dtb):
    """One guest's in memory from `at` on, and where they end."""
    words = module(at, "kernel", kernel, f",bootargs={escaped(command_line(settings))}")
    end = at + (length(kernel) // (2 * MIB) + 1) * 2 * MIB
    if initrd:
        words += module(end, "initrd", initrd)
        end += length(initrd)
    if dtb:
        # The loader knows kernels and ramdisks; host-hv sees that this is a tree.
        end = (end // 4096 + 1) * 4096
        words += module(end, "initrd", dtb)
        end += length(dtb)
    return words, end


def host_software(settings, kernel, initrd, dtb):
    """host-hv, and guests as modules in memory: kernel, initrd, device tree."""
    words = ["-kernel", str(tree.BUILD / "host-hv/host-hv.bin"), "-append", host_options(settings)]
    end = MODULES
    for _ in range(settings.guests):
        placed, end = modules(settings, up(end, 2 * MIB), kernel, initrd, dtb)
        words += placed
    # Large guests get memory that is congruent modulo 1 GiB, for the largest leaves.
    alignment = 0 if settings.mib < 1024 else 1024
    guests = settings.guests * (settings.mib + alignment)
    return words + ["-m", f"{(end - RAM) // MIB + 2 + guests + HOST_MIB}M"]


def hardware(settings, qemu):
    words = [qemu.program, "-M", "virt", "-cpu", cpu(settings), "-smp", str(settings.harts), "-nodefaults",
             "-display", "none"]
    if not (settings.is_native and settings.reboot == "restart"):
        words.append("-no-reboot")
    if qemu.accel:
        words += ["-accel", qemu.accel]
    if settings.icount:
        # Nothing from outside: seed and date are the same in every run.  Without it they are real.
        # A device outside takes real time: a guest that waits for it must not see its timers run through meanwhile.
        sleep = "on" if devices.wanted(settings) else "off"
        words += ["-icount", f"shift=0,align=off,sleep={sleep}", "-seed", "1", "-rtc", "base=2025-01-01,clock=vm"]
    return words + devices.words(settings) + ["-bios", str(tree.firmware(settings.trace) / "hmcode.bin")]


def command(settings, qemu, guest, log):
    """guest: kernel, initrd, dtb as paths, the last two perhaps None; beside the log the native tree is left."""
    words = hardware(settings, qemu)
    if settings.is_native:
        words += native_software(settings, guest.kernel, guest.initrd)
    else:
        words += host_software(settings, guest.kernel, guest.initrd, guest.dtb)
    if settings.walks:
        words = walks.shared_memory(words)
    if not settings.is_native:
        return words
    # A tree of the user's own stays as it is.
    return words if settings.dtb else words + ["-dtb", native_tree(words, f"{log}.dtb")]


# ---- the tree of a native kernel ----

def offered():
    """The extensions in host-hv's list: what a guest is told of its hart."""
    text = (tree.TOP / "host-hv/guest/extensions.h").read_text()
    return set(re.findall(r"^(?:OFFERED|DECIDED)\((.*)\)$", text, re.M))


def device_tree_tool(*words):
    if shutil.which(words[0]) is None:
        raise Failed(f"the tool '{words[0]}' is missing", "install Debian's package 'device-tree-compiler', or run: "
                     "make fetch")
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def native_tree(words, path):
    """The machine's own tree, in which the harts have only what a guest is offered of them.
    Some of what QEMU names there is no property of -cpu that could be off."""
    done = subprocess.run([*words, "-M", f"dumpdtb={escaped(path)}"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise Failed("QEMU does not describe its machine", f"it says: {(done.stderr or done.stdout).strip()}")
    known = offered()
    for name in device_tree_tool("fdtget", "-l", path, "/cpus").split():
        if name.startswith("cpu@"):
            offer_only(path, f"/cpus/{name}", known)
    return path


def offer_only(path, node, known):
    """Of the extensions of a hart those that are known, in both forms."""
    kept = [name for name in device_tree_tool("fdtget", path, node, "riscv,isa-extensions").split() if name in known]
    isa = "rv64" + "".join(name if len(name) == 1 else f"_{name}" for name in kept)
    device_tree_tool("fdtput", "-t", "s", path, node, "riscv,isa-extensions", *kept)
    device_tree_tool("fdtput", "-t", "s", path, node, "riscv,isa", isa)
