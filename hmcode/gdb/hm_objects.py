# SPDX-License-Identifier: BSD-2-Clause
"""A machine that runs hmcode as gdb sees it, and the firmware's objects in it: what hm.py prints."""

import contextlib
import os
import re
import struct

import gdb

BUILD = os.environ.get("BUILD") or os.path.join(os.path.dirname(__file__), "..", "..", "build")
OURS = [os.path.realpath(os.path.join(BUILD, name)) for name in ("hmcode/hmcode.elf", "host-hv/host-hv.elf")]

PAGE_SHIFT = 12
PTE_V, PTE_R, PTE_W, PTE_X, PTE_U, PTE_G, PTE_A, PTE_D = (1 << n for n in range(8))
PTE_NAMES = "VRWXUGAD"
MODES = {0: ("Bare", 0), 8: ("Sv39", 3), 9: ("Sv48", 4), 10: ("Sv57", 5)}
NONE = 0xffffffff
SPLIT = 1 << 63
PRIV_M = 3

REGISTERS = ("zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
             "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6").split()
CSRS = "sstatus sie sip stvec sscratch sepc scause stval satp stimecmp".split()
LENT = "sscratch sepc scause stval".split()     # of these, with HM_RUN_LENDS_CSRS


# ---- the machine ----

@contextlib.contextmanager
def physical():
    """Addresses are physical inside."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        yield
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def load(address):
    """The 64-bit word at a physical address; None: there is nothing."""
    try:
        return struct.unpack("<Q", bytes(gdb.selected_inferior().read_memory(address, 8)))[0]
    except gdb.MemoryError:
        return None


def register(name):
    """A register of the selected hart; None: it has none of this name."""
    try:
        return int(gdb.parse_and_eval(f"${name}")) & (1 << 64) - 1
    except gdb.error:
        return None


def address_of(symbol):
    return int(gdb.parse_and_eval(f"(unsigned long)&{symbol}"))


def number(value):
    return int(value) & (1 << 64) - 1


def pointer(address, name):
    """What lies there, of the type `name`."""
    return gdb.Value(address).cast(gdb.lookup_type(name).pointer())


# ---- names, from DWARF ----

def enum_names(enum, prefix):
    """Number -> name, from the firmware's own types."""
    fields = gdb.lookup_type(f"enum {enum}").fields()
    return {f.enumval: f.name.replace(prefix, "", 1).lower() for f in reversed(fields)}


def exit_name(reason):
    return enum_names("hm_exit", "HM_EXIT_").get(reason, f"reason {reason}")


def policy_text(policy):
    names = enum_names("hm_policy_bit", "HM_POLICY_BIT_")
    return " ".join(name for bit, name in sorted(names.items()) if policy & bit) or "none"


def symbols_at(address):
    """The symbols that the address is in, and the file of each; gdb leaves out the file where it has only one."""
    said = gdb.execute(f"info symbol {address:#x}", to_string=True)
    found = re.findall(r"^(\S+(?: \+ \d+)?) in section \S+(?: of (.*))?$", said, re.M)
    return [(symbol.replace(" ", ""), file) for symbol, file in found]


def line_at(address):
    """Source file and line, in brackets; an empty text where there is none."""
    line = gdb.find_pc_line(address)
    if line.symtab is None:
        return ""
    path, file = os.path.normpath(line.symtab.filename), line.symtab.objfile.filename
    if file in OURS and not path.startswith("opensbi/"):
        path = os.path.join(os.path.basename(file).removesuffix(".elf"), path)
    return f" ({path}:{line.line})"


def is_host_hv_there():
    """Natively a kernel is where host-hv would be; both begin with a header of 64 bytes that tells them apart."""
    try:
        with open(OURS[1].removesuffix(".elf") + ".bin", "rb") as file:
            return bytes(gdb.selected_inferior().read_memory(address_of("_image_start"), 64)) == file.read(64)
    except (OSError, gdb.error):
        return False


def place(address, is_ours=True):
    """An address of code, with its function; those of a guest or of a native kernel may be the same as ours."""
    found = [symbol for symbol, file in symbols_at(address) if is_ours or file and file not in OURS]
    return " ".join([f"{address:#x}", *found[:1]]) + (line_at(address) if found else "")


def satp_fields(satp):
    """Mode, ASID and the root table's address."""
    return satp >> 60, satp >> 44 & 0xffff, (satp & (1 << 44) - 1) << PAGE_SHIFT


def satp_text(satp):
    mode, asid, root = satp_fields(satp)
    name = MODES.get(mode, (f"mode {mode}", 0))[0]
    return name if mode == 0 else f"{name} asid {asid} root {root:#x}"


def pte_text(pte):
    flags = "".join(name if pte >> n & 1 else "-" for n, name in enumerate(PTE_NAMES))
    return f"{pte:#018x} {flags}"


def pte_address(pte):
    return (pte >> 10 & (1 << 44) - 1) << PAGE_SHIFT


def is_leaf(pte):
    return pte & PTE_V and pte & (PTE_R | PTE_W | PTE_X)


# ---- the firmware's objects ----

class Vcpu:
    def __init__(self, index, entry):
        self.index = index
        self.object = entry["vcpu"].dereference()
        self.space = self.object["space"]
        self.state = int(entry["state"])
        self.host_tables = bool(number(self.object["policy"]) & int(gdb.parse_and_eval("HM_POLICY_BIT_HOST_TABLES")))

    @property
    def is_lent(self):
        """Has its hart its supervisor CSRs, though it does not run (world/lending.h)?"""
        hart = self.object["hart"]
        return bool(number(hart)) and number(hart["lent_to"]) == number(self.object.address)

    def __str__(self):
        vm = (number(self.object["vm"]) - address_of("vms[0]")) // gdb.lookup_type("struct hm_vm").sizeof
        return f"vCPU {self.index} of VM {vm}"

    def current(self):
        """The root that the guest runs on, the engine's or the host's: both have gsatp and hsatp."""
        return (self.object["roots"] if self.host_tables else self.space)["current"].dereference()

    def thread(self):
        """The hart that is in this vCPU's guest world, as gdb's thread, which is selected then; or None."""
        for hart in harts():
            if hart.guest() == number(self.object.address):
                hart.thread.switch()
                return hart.thread
        return None

    def hpa(self, gpa):
        """The engine's ssp_slot_of(); None: no slot has it."""
        for i in range(int(self.space["slot_count"])):
            slot = self.space["slots"][i]
            if (gpa - number(slot["gpa"])) & (1 << 64) - 1 < number(slot["size"]):
                return (gpa + number(slot["delta"])) & (1 << 64) - 1
        return None

    def root_number(self):
        root = self.current()
        first = self.object["roots"]["root"] if self.host_tables else self.space["roots"]
        return (number(root.address) - number(first.address)) // root.type.sizeof

    def table_of(self, hpa):
        """The description of the shadow table at hpa, or None."""
        n = (hpa - number(self.space["pool_hpa"])) >> PAGE_SHIFT
        if not 0 <= n < int(self.space["table_count"]):
            return None
        return self.space["tables"][n]


def whole_vcpus():
    """Those that are neither being made nor being destroyed."""
    listed = gdb.parse_and_eval("hm_entries")
    first, last = listed.type.range()
    whole = [int(gdb.parse_and_eval(state)) for state in ("HM_VCPU_IDLE", "HM_VCPU_RUNS")]
    return [Vcpu(i, listed[i]) for i in range(first, last + 1) if int(listed[i]["state"]) in whole]


def vcpus(wanted=None):
    found = [v for v in whole_vcpus() if wanted in (None, v.index)]
    if not found:
        raise gdb.GdbError("there is no such vCPU" if wanted is not None else
                           "there is no vCPU yet: let host-hv create its guests")
    return found


class Hart:
    """A hart as it is at this moment; its thread of gdb's is the selected one afterwards."""

    def __init__(self, thread):
        thread.switch()
        self.thread = thread
        self.id, self.priv, self.pc = register("mhartid"), register("priv"), register("pc")
        self.mtvec, self.mscratch, self.sp = register("mtvec"), register("mscratch"), register("sp")
        self.scratch = self.find_scratch()
        self.object = self.find_object()

    def find_scratch(self):
        """OpenSBI's struct sbi_scratch; 0: it has not made it yet."""
        ids, found = gdb.parse_and_eval("hartindex_to_hartid_table"), gdb.parse_and_eval("hartindex_to_scratch_table")
        count = len(gdb.selected_inferior().threads())
        return next((number(found[i]) for i in range(count) if int(ids[i]) == self.id and number(found[i])), 0)

    def find_object(self):
        """struct hm_hart; None: it is not made yet."""
        offset = number(gdb.parse_and_eval("hm_hart_offset"))
        address = load(self.scratch + offset) if self.scratch and offset else 0
        return pointer(address, "struct hm_hart").dereference() if address else None

    def guest(self):
        """The address of the struct hm_vcpu in whose guest world the hart is; None: it is in none.

        mscratch holds the hart's frame, or in M-mode sp does or the stack below it."""
        if self.object is None:
            return None
        begin = number(self.object.address)
        kept = (self.mscratch, self.sp) if self.priv == PRIV_M else (self.mscratch,)
        if not any(begin <= value < begin + self.object.type.sizeof for value in kept):
            return None
        return number(self.object["frame"]["vcpu"])

    def call(self):
        """OpenSBI's struct sbi_trap_context of the host's trap that it handles; None: it handles none."""
        context = number(pointer(self.scratch, "struct sbi_scratch")["trap_context"]) if self.scratch else 0
        return pointer(context, "struct sbi_trap_context").dereference() if context else None


def harts():
    return [Hart(thread) for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num)]
