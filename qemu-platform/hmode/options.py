# SPDX-License-Identifier: BSD-2-Clause
"""The options of a run, each declared once: name, kind, default, help, and what it does not go with.

Reading, refusals, `make`'s help and the page docs/options.md are made from OPTIONS, in its order: a default and
a rule may look at the options that stand before.  No option that is given is ignored: a command refuses each one that
it has no use for.
"""

import dataclasses
import typing

from hmode import modes, program, tree, walks
from hmode.kinds import Address, Choice, File, Number, Size, Switch, Text, Words
from hmode.messages import Refused

GUESTS = {"debian": "kernel", "debian-sid": "kernel-sid", "patched": "kernel-patched", "patched-off": "kernel-patched"}
WIDTHS = ("sv39", "sv48", "sv57")
STRICT = {"strict": "lazy", "strict-eager": "eager"}
WORKLOADS = tree.workloads()

# What starts a machine, and which of it an option goes with.  `tour` is `make run` without a MODE.
BY_HAND = ("run", "shell", "debug")
TABLES = ("tour", "measure")
GUESTS_OF = (*BY_HAND, *TABLES, "count-pt-writes")
MACHINES = (*GUESTS_OF, "bench-events")
MEASURING = ("run", *TABLES, "count-pt-writes")
RECORDING = ("run", *TABLES)
SPLIT = tuple(name for name in MACHINES if name != "count-pt-writes")   # that one counts on one hart, natively
NO_MACHINES = ("gdb", "bench-hspt", "test-hspt")        # they take no option of a machine


@dataclasses.dataclass(frozen=True)
class Option:
    """default: a text as a user gives it, or a function of the settings that makes it; None: nothing by default.
    rule: a function of the settings that raises Refused where the option does not go with another one.
    modes: in other modes the value is the default, and another one is refused unless `ignored`.
    commands: others refuse it, and say `instead`: command -> what does the same there."""

    name: str
    kind: typing.Any
    default: typing.Any
    help: str
    modes: tuple = tuple(modes.NAMES)
    ignored: bool = False
    rule: typing.Any = None
    shown: str = None               # of the default, where a function makes it
    was: str = None                 # its former name, which is taken as well
    also: str = None                # another name, as good as the first
    commands: tuple = MACHINES
    instead: dict = dataclasses.field(default_factory=dict)
    may_be_empty: bool = False      # an empty text is a value


# ---- defaults ----

def own_policy(settings):
    return modes.spelled(modes.MODES[settings.mode])


def own_kernel(settings):
    return str(tree.CACHE / "current" / GUESTS[settings.guest] / "Image")


def has_programs(settings):
    return settings.is_given("PROGRAM") or settings.is_given("LIST")


def own_initrd(settings):
    is_bare = settings.is_given("KERNEL") and not has_programs(settings)
    return "none" if is_bare else str(tree.BUILD / "guest/initramfs.cpio")


def own_workload(settings):
    return "none" if any(map(settings.is_given, ("PROGRAM", "LIST", "KERNEL", "CMDLINE"))) else "all"


def own_asid_bits(settings):
    return "0" if settings.profile == "u74" else "16"


# ---- what does not go together ----

def format_rule(settings):
    if settings.format != "auto" and not settings.is_given("KERNEL"):
        raise Refused(f"FORMAT={settings.format} needs a KERNEL")


def kernel_rule(settings):
    if settings.is_given("KERNEL") and settings.is_given("GUEST"):
        raise Refused("KERNEL and GUEST do not go together", "KERNEL: a kernel of your own; GUEST: one of ours")


def load_rule(settings):
    if settings.load is not None and settings.format != "flat":
        raise Refused("LOAD goes with FORMAT=flat alone")


def alone(name):
    """Programs are all that the guest does, in a root that is made for them."""
    def rule(settings):
        if not settings.is_given(name):
            return
        if settings.workload:
            raise Refused(f"{name} and WORKLOAD do not go together", f"{name}: of your own; WORKLOAD: some of ours")
        if settings.is_given("INITRD"):
            raise Refused(f"{name} and INITRD do not go together", "ROOT=FILE, over which the program is laid")
        if settings.program and settings.list:
            raise Refused("PROGRAM and LIST do not go together", "PROGRAM: one; LIST: a file that names some")
    return rule


def root_rule(settings):
    goes_with_programs("ROOT")(settings)
    if settings.root and program.packages(settings):
        raise Refused("ROOT and DEBS do not go together", "ROOT: a root of your own; DEBS: one of Debian's packages")


def goes_with_program(name):
    def rule(settings):
        if settings.is_given(name) and not settings.program:
            raise Refused(f"{name} goes with PROGRAM only", "PROGRAM=FILE")
    return rule


def goes_with_programs(name):
    def rule(settings):
        if settings.is_given(name) and not has_programs(settings):
            raise Refused(f"{name} goes with PROGRAM and LIST only", "PROGRAM=FILE, LIST=FILE")
    return rule


def debs_rule(settings):
    goes_with_programs("DEBS")(settings)
    program.packages(settings)


def marks_rule(settings):
    if settings.measured and not settings.marks:
        raise Refused(f"MARKS=0 gives no record of a {settings.measures}", "MARKS=1, or WORKLOAD=none")


def result_rule(settings):
    if settings.result and not settings.measured and not settings.marks:
        raise Refused("RESULT needs a WORKLOAD, a PROGRAM or MARKS=1", " ".join(["all", *WORKLOADS]))


def cmdline_rule(settings):
    """CMDLINE, even an empty one, is all that the kernel is told: nothing else may need words of its own."""
    if settings.cmdline is None:
        return
    if settings.append:
        raise Refused("CMDLINE and APPEND do not go together",
                      "CMDLINE: these words alone; APPEND: after the launcher's")
    if settings.guest == "patched-off":
        raise Refused("GUEST=patched-off is the word hm=off", "GUEST=patched with hm=off in CMDLINE")
    if settings.measured:
        raise Refused(f"a {settings.measures} needs words on the command line", "APPEND for more of them, or WORKLOAD=none")
    if settings.mode == "native" and settings.is_given("WIDTH"):
        raise Refused("WIDTH is a word on the command line natively", "no4lvl (sv39) or no5lvl (sv48) in CMDLINE")
    if settings.mode == "native" and settings.marks and "marks=1" not in settings.cmdline.split(" "):
        raise Refused("MARKS=1 is a word on the command line natively", "marks=1 in CMDLINE")


def asidlen_rule(settings):
    if settings.is_given("ASIDLEN") and not settings.strict:
        raise Refused("ASIDLEN goes with a strict hart only", "QEMU=strict, strict-eager")


def ladder_rule(settings):
    if settings.ladder and (settings.modes or settings.is_given("POLICY")):
        raise Refused("LADDER=1 has its own MODES and POLICY")


def width_rule(settings):
    if settings.profile == "u74" and settings.width != "sv39":
        raise Refused(f"WIDTH={settings.width} does not go with PROFILE=u74, whose harts have Sv39 alone",
                      "WIDTH=sv39, or PROFILE=virt")


def hap_rule(settings):
    """In hap the harts are the profile's with H, where Debian's QEMU has such a hart."""
    if settings.mode != modes.HAP:
        return
    if settings.profile != "virt":
        raise Refused(f"PROFILE={settings.profile} does not go with MODE=hap", "PROFILE=virt, to which hap adds H")


def trace_rule(settings):
    """hmcode traces, and in hap no exit passes through it."""
    if settings.mode == modes.HAP and settings.trace:
        raise Refused("TRACE does not go with MODE=hap", "another MODE")


def events_rule(settings):
    if settings.is_given("EVENTS") and not settings.trace:
        raise Refused("EVENTS goes with TRACE only", "TRACE=FILE")


def device_rule(name):
    """Drivers are there of one of our kernels, and the first process loads them."""
    def rule(settings):
        if not getattr(settings, name.lower()) or settings.is_given("KERNEL"):
            return
        if settings.guest != "debian":
            raise Refused(f"{name} does not go with GUEST={settings.guest}, of which no drivers are at hand",
                          "GUEST=debian, or a KERNEL of your own with drivers for virtio-mmio")
        if settings.cmdline is not None and not settings.is_given("INITRD"):
            raise Refused(f"{name} needs words on the command line", "APPEND, or an INITRD of your own with CMDLINE")
    return rule


def guests_rule(settings):
    """Each has a disk of its own, and records come from one guest."""
    if settings.guests == 1:
        return
    if settings.marks:
        raise Refused("MARKS=1 is for one guest", "GUESTS=1")
    if settings.disk and len(settings.disks) != settings.guests:
        raise Refused(f"DISK={settings.disk} names {len(settings.disks)}, and there are GUESTS={settings.guests}",
                      "a disk for each guest, with commas between")


NO_TABLE = {"tour": "make run MODE=..., for one run", "measure": "make run MODE=..., for one run"}


def walks_rule(settings):
    if not settings.walks:
        return
    if settings.harts > 1:
        raise Refused("WALKS is for one hart", "HARTS=1")
    if not settings.measured:
        raise Refused("WALKS needs a WORKLOAD or a PROGRAM", " ".join(["all", *WORKLOADS]))
    if str(settings.qemu).startswith("hspt"):
        raise Refused(f"QEMU={settings.qemu} does not go with WALKS", "Debian's QEMU, without QEMU=")


# ---- the options ----

OPTIONS = (
    Option("MODE", Choice(*modes.NAMES), "ssp-hm",
           "who shadows the guest's page tables, and what hmcode finishes itself", commands=BY_HAND,
           instead={"measure": "MODES"}),
    Option("POLICY", Words(modes.EVENTS, "none"), own_policy, modes=("ssp",), was="HM", shown="satp",
           commands=(*BY_HAND, "measure"), instead={"tour": "MODE=ssp POLICY=..., for one run"},
           help="the events that hmcode finishes itself"),
    Option("MODES", Words(modes.NAMES, form="a list of modes"), None, "which modes the table has",
           shown=" ".join(modes.TABLE), commands=("measure",), instead={name: "MODE" for name in BY_HAND}),
    Option("LADDER", Switch(), "0", "1: every policy, and what each further event is worth", rule=ladder_rule,
           commands=("measure",)),
    Option("GUEST", Choice(*GUESTS), "debian",
           "Debian's kernel; the archive's newest; ours with the flush ring; ours with hm=off",
           commands=GUESTS_OF),
    Option("KERNEL", File(), own_kernel, "a kernel of your own: Linux Image, Image.gz, EFI zboot or ELF",
           shown="that of GUEST", rule=kernel_rule, commands=GUESTS_OF),
    Option("FORMAT", Choice("auto", "flat"), "auto", "a KERNEL without a header, loaded and entered at LOAD",
           rule=format_rule, commands=GUESTS_OF),
    Option("LOAD", Address(), None, "where a flat KERNEL lies", rule=load_rule, shown="0x80200000",
           commands=GUESTS_OF),
    Option("INITRD", File(), own_initrd, "the kernel's initrd, or none; without KERNEL our workloads and Debian's busybox",
           shown="ours", commands=GUESTS_OF),
    Option("DTB", File(), None, "the kernel's device tree; without DTB it describes the devices that there are",
           commands=GUESTS_OF),
    Option("APPEND", Text(), "", "more words for the kernel's command line", commands=GUESTS_OF),
    Option("CMDLINE", Text(), None, "the kernel's whole command line: exactly these words, none of the launcher's",
           rule=cmdline_rule, may_be_empty=True, commands=(*BY_HAND, "count-pt-writes")),
    Option("WORKLOAD",
           Words(WORKLOADS, "all", "none", in_order=True, source="names in `tests/workloads/list`"), own_workload,
           "what the guest does and hmcode measures", shown="all; none with KERNEL", also="WORKLOADS",
           commands=MEASURING),
    Option("PROGRAM", File(), None, "a program of your own instead: for riscv64, a script, or a C file; root:NAME, one in "
           "the guest's root; deb:NAME, one of Debian's package NAME",
           rule=alone("PROGRAM"), commands=RECORDING),
    Option("ARGS", Text(), "", "its arguments, split as in a shell", rule=goes_with_program("ARGS"), commands=RECORDING),
    Option("LIST", File(), None, "a file that names several: a name and a command a line", rule=alone("LIST"),
           commands=RECORDING),
    Option("WARM", Number(0, 99), "1", "a program's runs before the one that is counted", rule=goes_with_programs("WARM"),
           commands=RECORDING),
    Option("CHECK", Text(), None, "a shell command that has the program's output as input and fails if that is wrong",
           shown="the same as natively", rule=goes_with_program("CHECK"), commands=RECORDING),
    Option("OUTPUT", Number(0, program.MOST_OUTPUT), "0", "MiB that are kept of a program's output, and of its errors; 0: 256 KiB",
           rule=goes_with_programs("OUTPUT"), commands=RECORDING),
    Option("LIBS", File(), None, "a folder with libraries that programs need, before the cross compiler's",
           rule=goes_with_programs("LIBS"), commands=RECORDING),
    Option("DEBS", Text(), None, "packages of Debian for riscv64, of which the guest's root is made", rule=debs_rule,
           commands=RECORDING),
    Option("ROOT", File(), None, "the guest's root instead of ours: a folder, or a cpio archive", rule=root_rule, commands=RECORDING),
    Option("MARKS", Switch(), lambda settings: "1" if settings.measured else "0", rule=marks_rule,
           help="1: regions that are marked in the guest give records; WORKLOAD and PROGRAM imply it", shown="0"),
    Option("RESULT", File(), None, "file for the result objects, one a line", rule=result_rule, commands=(*MEASURING, "shell")),
    Option("LOG", File(), None, "file for the guest's console", shown="build/log/MODE-PROFILE.log", commands=GUESTS_OF),
    Option("TRACE", File(), None, "a file for the time line of all events, and FILE.json for Perfetto's UI",
           commands=("run",), rule=trace_rule),
    Option("EVENTS", Number(1, 9_999_999), "1000000", "for TRACE, how many are kept, the last ones", rule=events_rule,
           commands=("run",)),
    Option("WALKS", walks.Cores(), "0", rule=walks_rule, commands=RECORDING,
           help="what address translation costs on these cores, by a model in QEMU; vary: also with each assumption another"),
    Option("HARTS", Number(1, 8), "1", "harts of the machine", commands=SPLIT),
    Option("VCPUS", Number(1, 8), lambda settings: str(settings.harts) if settings.mode == "native" else "1",
           modes=tuple(modes.NAMES[1:]), ignored=True, shown="1", commands=SPLIT,
           help="CPUs of the guest; natively these are the harts, and in a table native has HARTS of them"),
    Option("GUESTS", Number(1, 4), "1", "how many of it run at a time; each has its MEM, VCPUS and devices", rule=guests_rule,
           modes=tuple(modes.NAMES[1:]), commands=("shell", "debug")),
    Option("MEM", Size("64M", "16G"), "512M", "the guest's memory", commands=GUESTS_OF),
    Option("DISK", File(), None, "a file as the guest's disk, /dev/vda, which it may write to: raw, or a qcow2 named .qcow2; with GUESTS one "
           "for each, with commas between",
           rule=device_rule("DISK"), commands=(*BY_HAND, "debian"), instead=NO_TABLE),
    Option("SIZE", Size("2G", "64G"), "2G", "of the disk that make debian makes", commands=("debian",)),
    Option("NET", Choice("user"), None, "user: a network card in QEMU's own network, whose gateway is this machine",
           rule=device_rule("NET"), commands=BY_HAND, instead=NO_TABLE),
    Option("SHARE", File(), None, "a folder that the guest may read and write: mount -t 9p share /mnt",
           rule=device_rule("SHARE"), commands=BY_HAND, instead=NO_TABLE),
    Option("RNG", Switch(), "0", "1: a source of random numbers, /dev/hwrng", rule=device_rule("RNG"), commands=BY_HAND,
           instead=NO_TABLE),
    Option("ROOTS", Number(1, modes.ROOTS), str(modes.ROOTS), modes=modes.BUFFERED, commands=(*BY_HAND, "measure"),
           instead={"tour": NO_TABLE["tour"]}, help="how many of the guest's address spaces the shadow keeps at a time"),
    Option("HOSTPAGES", Choice("4k", "max"), "max", modes=(modes.HAP,), commands=(*BY_HAND, "measure"),
           help="hap: the guest's memory in pages of 4 KiB, or in the largest that it holds"),
    Option("PROFILE", Choice("virt", "virt-v", "u74"), "virt", rule=hap_rule,
           help="all that QEMU offers but H and V; with V; like boards without H today"),
    Option("WIDTH", Choice(*WIDTHS), "sv39", "of virtual addresses", rule=width_rule),
    Option("SVVPTC", Switch(), lambda settings: "0" if settings.profile == "u74" else "1", shown="1; 0 on u74",
           help="1: offer Svvptc to the guest"),
    Option("SVADU", Choice("0", "1", "fwft"), "0",
           "who sets A and D in the guest's PTEs: the guest (Svade), hmcode and host-hv (Svadu), or as the guest "
           "chooses by FWFT. Natively the hart does", modes=("native", *modes.SHADOWED)),
    Option("REBOOT", Choice("end", "restart"), lambda settings: "restart" if settings.interactive else "end",
           "what a guest's reboot does", shown="end; restart in 'make shell'", commands=GUESTS_OF),
    Option("ICOUNT", Switch(), lambda settings: "0" if settings.stopped or settings.interactive else "1",
           "1: count instructions, and run the same each time, in 2025; 0: today",
           shown="1; 0 in 'make shell' and 'make debug'", commands=SPLIT),
    Option("QEMU", File(), None, "another qemu-system-riscv64; hspt is what 'make qemu' builds; strict and "
           "strict-eager are the same with a TLB that keeps all that it may", shown="Debian's",
           commands=(*MACHINES, "debian")),
    Option("ASIDLEN", Number(0, 16), own_asid_bits, "bits of ASID that a strict hart has; on u74 it has 8 PMP entries "
           "too", rule=asidlen_rule, shown="16; 0 on u74"),
    Option("MISALIGNED", Choice("access", "trap"), "access", "access: the hart does misaligned loads and stores "
           "itself; trap: it leaves them to firmware as the U74 does (our QEMU)"),
    Option("TIMEOUT", Number(1, 86400), "1800", "seconds after which a hung run is ended",
           shown="1800; none in 'make shell' and 'make debug'"),
    Option("V", Text(), None, "1: show the guest's console, and whole build commands",
           commands=(*MACHINES, "debian", *NO_MACHINES)),
)
NAMES = [option.name for option in OPTIONS]
BY_NAME = {option.name: option for option in OPTIONS}
FORMER = {option.was: option.name for option in OPTIONS if option.was}
ALSO = {option.also: option.name for option in OPTIONS if option.also}
# Every name that is taken from the environment and the command line.
TAKEN = [*NAMES, *FORMER, *ALSO]

# Names that only make needs, and which commands they go with; None: all.
MAKE_OPTIONS = dict.fromkeys(("CROSS_COMPILE", "HMODE_CACHE", "OPENSBI_SRC", "PYTHON")) | {
    "GDBARGS": ("gdb",), **dict.fromkeys(("RUNS", "CONFIGS", "PROGRAMS"), ("bench-hspt",))}
