# SPDX-License-Identifier: BSD-2-Clause
"""gdb commands for a machine that runs hmcode under QEMU; docs/debugging.md shows them.

    hm-vcpu [N]        one vCPU, or all: where it is, registers, CSRs, counters
    hm-roots [N]       its root buffer
    hm-walk VA [N]     a GVA through the guest's tables and through the shadow's

They only read.  The firmware's structures are read by their types in
hmcode.elf, and by physical address, whatever the hart's translation is at the
moment: QEMU's stub offers that (Qqemu.PhyMemMode).
"""

import os
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from hm_objects import (CSRS, MODES, NONE, PAGE_SHIFT, PRIV_M, PTE_V, REGISTERS, SPLIT,  # noqa: E402
                        address_of, is_leaf, load, number, physical, pte_address, pte_text, register, satp_fields,
                        satp_text, vcpus)

FIRMWARE_BASE = 0x80000000      # where QEMU's virt machine puts -bios


# ---- hm-vcpu ----

def print_registers(values):
    for i in range(0, 32, 4):
        print("  " + "  ".join(f"{REGISTERS[n]:>4} {values[n]:016x}" for n in range(i, i + 4)))


def print_csrs(values):
    known = [(name, value) for name, value in values if value is not None]
    for i in range(0, len(known), 3):
        print("  " + "  ".join(f"{name:>8} {value:016x}" for name, value in known[i:i + 3]))


def print_live(thread):
    """The guest's world is loaded on this hart, which gdb has selected."""
    if register("priv") == PRIV_M:
        print(f"  in the firmware, gdb thread {thread.num}: a trap of cause {register('mcause'):#x}, "
              f"mtval {register('mtval'):#x}, from pc {register('mepc'):#x}")
        print("  (general registers are being saved: see $x1 to $x31 and the frame at the hart's stack)")
    else:
        print(f"  in the guest world, gdb thread {thread.num}, {'US'[register('priv')]}-mode, "
              f"pc {register('pc'):#x}")
        print_registers([0] + [register(f"x{n}") for n in range(1, 32)])
    print_csrs([(name, register(name)) for name in CSRS if name != "satp"])


def print_page(run):
    """The host's view: hm_run, which is the truth while the vCPU is not running."""
    print(f"  not running: {'US'[number(run['priv']) & 1]}-mode, pc {number(run['pc']):#x}; "
          f"last exit: {exit_name(number(run['exit_reason']))}, cause {number(run['exit_cause']):#x}, "
          f"gpa {number(run['exit_gpa']):#x}, value {number(run['exit_value']):#x}")
    print_registers([0] + [number(run["x"][n]) for n in range(1, 32)])
    print_csrs([(name, number(run[name])) for name in CSRS if name != "satp"])


def enum_names(enum, prefix):
    """Number -> name, from the firmware's own types."""
    fields = gdb.lookup_type(f"enum {enum}").fields()
    return {f.enumval: f.name.replace(prefix, "", 1).lower() for f in reversed(fields)}


def exit_name(reason):
    return enum_names("hm_exit", "HM_EXIT_").get(reason, f"reason {reason}")


def print_counters(vcpu):
    stats, space = vcpu.object["stats"], vcpu.space
    kinds = enum_names("hm_trap_kind", "HM_TRAP_")
    traps = [(name, number(stats["traps"][n])) for n, name in sorted(kinds.items()) if name != "kinds"]
    print("  traps: " + (" ".join(f"{name} {n}" for name, n in traps if n) or "none"))
    print(f"  shadow: {int(space['free_count'])} of {int(space['table_count'])} tables free, "
          f"{number(space['tables_recycled'])} recycled, roots {number(space['root_hits'])} hits "
          f"{number(space['root_misses'])} misses, log at {number(space['log_head'])}, "
          f"longest stay {number(stats['longest_m_stay'])}")


def print_vcpu(vcpu):
    vm = (number(vcpu.object["vm"]) - address_of("vms[0]")) // gdb.lookup_type("struct hm_vm").sizeof
    root = vcpu.current()
    thread = vcpu.thread()

    print(f"vCPU {vcpu.index} of VM {vm}")
    if thread:
        print_live(thread)
    else:
        print_page(vcpu.object["run"].dereference())
    print(f"  guest satp {satp_text(number(root['gsatp']))}")
    print(f"  shadow     {satp_text(number(root['hsatp']))} (root {vcpu.root_number()}"
          f"{', tables of the host' if vcpu.host_tables else ''})")
    print_counters(vcpu)


# ---- hm-roots ----

def print_host_roots(vcpu):
    print(f"vCPU {vcpu.index}: * current; the tables are the host's")
    for n in range(16):
        root = vcpu.object["roots"]["root"][n]
        if number(root["root"]):
            mark = "*" if n == vcpu.root_number() else " "
            print(f"{mark} {n:2} guest {satp_text(number(root['gsatp']))}; "
                  f"shadow {satp_text(number(root['hsatp']))}; generation {number(root['generation'])}")


def print_roots(vcpu):
    if vcpu.host_tables:
        print_host_roots(vcpu)
        return
    print(f"vCPU {vcpu.index}: * current, lag: fences of an address that it has yet to replay")
    for n in range(17):
        root = vcpu.space["roots"][n]
        if int(root["top"]) == NONE:
            continue
        mark = "*" if number(vcpu.space["current"]) == number(root.address) else " "
        lag = number(vcpu.space["log_head"]) - number(root["log_position"])
        dirty = f"dirty tables {int(root['dirty_count'])}"
        if n == 0:
            print(f"  {n:2} global tree, {MODES[int(root['mode'])][0] if int(root['mode']) else 'unused'}; {dirty}")
            continue
        print(f"{mark} {n:2} guest {satp_text(number(root['gsatp']))}; "
              f"shadow {satp_text(number(root['hsatp']))}; {dirty}; lag {lag}")


# ---- hm-walk ----

def entry_index(va, level):
    return va >> PAGE_SHIFT + 9 * level & 511


def print_level(level, where, pte, note):
    print(f"  {level}  {where}  {pte_text(pte)}  {note}")


def walk_guest(vcpu, satp, va):
    mode, _, table = satp_fields(satp)
    name, levels = MODES.get(mode, ("?", 0))
    print(f"guest, {satp_text(satp)}")
    if not levels:
        return
    for level in reversed(range(levels)):
        where = table + 8 * entry_index(va, level)
        hpa = vcpu.hpa(where)
        if hpa is None:
            print(f"  {level}  GPA {where:#x} is in no slot: an access fault")
            return
        pte = load(hpa)
        table = pte_address(pte)
        if is_leaf(pte):
            gpa = table | va & (1 << PAGE_SHIFT + 9 * level) - 1
            target = vcpu.hpa(gpa)
            print_level(level, f"GPA {where:#x}", pte, f"leaf: GPA {gpa:#x}, "
                        + (f"HPA {target:#x}" if target is not None else "in no slot: a device"))
            return
        if not pte & PTE_V:
            print_level(level, f"GPA {where:#x}", pte, "not valid: a true fault")
            return
        print_level(level, f"GPA {where:#x}", pte, "link")


def link_note(vcpu, link):
    if vcpu.host_tables:
        return "link"
    child = vcpu.table_of(pte_address(link))
    if child is None:
        return "link to outside the pool: BROKEN"
    ident = number(child["ident"])
    owner = int(child["owner"])
    what = f"pieces of frame {ident & ~SPLIT:#x}" if ident & SPLIT else f"guest table {ident << PAGE_SHIFT:#x}"
    tree = "the global tree" if owner == 0 else f"root {owner}"
    return ("link" if link & PTE_V else "dormant link") + f", for {what}, of {tree}"


def walk_shadow(vcpu, va):
    mode, _, table = satp_fields(number(vcpu.current()["hsatp"]))
    print(f"shadow, root {vcpu.root_number()}")
    for level in reversed(range(MODES[mode][1])):
        where = table + 8 * entry_index(va, level)
        pte = load(where)
        if is_leaf(pte):
            hpa = pte_address(pte) | va & (1 << PAGE_SHIFT + 9 * level) - 1
            print_level(level, f"HPA {where:#x}", pte, f"leaf: HPA {hpa:#x}")
            return
        if not pte:
            print_level(level, f"HPA {where:#x}", pte, "empty: the next access faults and fills")
            return
        print_level(level, f"HPA {where:#x}", pte, link_note(vcpu, pte))
        if not pte & PTE_V:
            return
        table = pte_address(pte)


def print_walk(vcpu, va):
    satp = number(vcpu.current()["gsatp"])
    print(f"vCPU {vcpu.index}, GVA {va:#x}")
    walk_guest(vcpu, satp, va)
    walk_shadow(vcpu, va)


# ---- the commands ----

class HmCommand(gdb.Command):
    """A command that leaves gdb's choice of hart as it was."""

    def __init__(self, name, doc, usage, run):
        self.__doc__ = f"{doc}\nUsage: {usage}"
        self.run = run
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        thread = gdb.selected_thread()
        if thread is None:
            raise gdb.GdbError("not connected: target remote :1234")
        # Expressions may hold the guest's registers: before anything is switched.
        words = [number(gdb.parse_and_eval(word)) for word in gdb.string_to_argv(argument)]
        with physical():
            try:
                self.run(*words)
            finally:
                thread.switch()


def all_or_one(show):
    def run(wanted=None):
        for vcpu in vcpus(wanted):
            show(vcpu)
    return run


def walk(va=None, wanted=None):
    if va is None:
        raise gdb.GdbError("hm-walk VA [N]")
    print_walk(vcpus(wanted)[0], va)


HmCommand("hm-vcpu", "Print vCPU N, or all: where it is, registers, CSRs, counters.",
          "hm-vcpu [N]", all_or_one(print_vcpu))
HmCommand("hm-roots", "Print the root buffer of vCPU N, or of all.",
          "hm-roots [N]", all_or_one(print_roots))
HmCommand("hm-walk", "Walk a guest virtual address through the guest's tables and the shadow's.",
          "hm-walk VA [N]", walk)


# ---- symbols ----

def add_symbols():
    """hmcode.elf is linked at 0 and runs where QEMU puts it; host-hv.elf is linked where it runs."""
    build = os.environ.get("BUILD") or os.path.join(os.path.dirname(__file__), "..", "..", "build")
    for path, offset in ("hmcode/hmcode.elf", FIRMWARE_BASE), ("host-hv/host-hv.elf", 0):
        path = os.path.normpath(os.path.join(build, path))
        if os.path.exists(path):
            gdb.execute(f"add-symbol-file {path} -o {offset:#x}", to_string=True)
        else:
            print(f"hm.py: {path} is not built: no symbols of it")


gdb.execute("set confirm off")
gdb.execute("set architecture riscv:rv64", to_string=True)
add_symbols()
