# SPDX-License-Identifier: BSD-2-Clause
"""A machine that runs hmcode as gdb sees it, and the firmware's objects in it: what hm.py prints."""

import contextlib
import struct

import gdb

PAGE_SHIFT = 12
PTE_V, PTE_R, PTE_W, PTE_X, PTE_U, PTE_G, PTE_A, PTE_D = (1 << n for n in range(8))
PTE_NAMES = "VRWXUGAD"
MODES = {0: ("Bare", 0), 8: ("Sv39", 3), 9: ("Sv48", 4), 10: ("Sv57", 5)}
NONE = 0xffffffff
SPLIT = 1 << 63
PRIV_M = 3
HOST_TABLES = 1 << 4            # HM_POLICY_HOST_TABLES

REGISTERS = ("zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
             "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6").split()
CSRS = "sstatus sie sip stvec sscratch sepc scause stval satp stimecmp".split()


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


def vectors():
    """What mtvec may be from hm_guest_run to the exit."""
    return [address_of(name) for name in ("hm_guest_vector", "hm_policy_vector", "hm_fatal_vector")]


def number(value):
    return int(value) & (1 << 64) - 1


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
    def __init__(self, index, pointer):
        self.index = index
        self.object = pointer.dereference()
        self.space = self.object["space"]
        self.hart = number(self.object["hart"])
        self.host_tables = bool(number(self.object["policy"]) & HOST_TABLES)

    def current(self):
        """The root that the guest runs on, the engine's or the host's: both have gsatp and hsatp."""
        return (self.object["roots"] if self.host_tables else self.space)["current"].dereference()

    def thread(self):
        """The hart that is in this vCPU's guest world, as gdb's thread, or None."""
        if not self.hart:
            return None
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            if register("mtvec") in vectors() and self.is_on_this_hart():
                return thread
        return None

    def is_on_this_hart(self):
        """mscratch holds the hart's frame, or in M-mode sp does or the stack below it."""
        end = self.hart + gdb.lookup_type("struct hm_hart").sizeof
        return (any(self.hart <= register(name) < end for name in ("mscratch", "sp")) and
                self.runs_on_its_hart())

    def runs_on_its_hart(self):
        hart = self.object["hart"].dereference()
        return number(hart["frame"]["vcpu"]) == number(self.object.address)

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


def vcpus(wanted=None):
    listed = gdb.parse_and_eval("hm_entries")
    first, last = listed.type.range()
    whole = [int(gdb.parse_and_eval(state)) for state in ("HM_VCPU_IDLE", "HM_VCPU_RUNS")]
    found = [Vcpu(i, listed[i]["vcpu"]) for i in range(first, last + 1) if int(listed[i]["state"]) in whole]
    if wanted is not None:
        found = [v for v in found if v.index == wanted]
    if not found:
        raise gdb.GdbError("there is no such vCPU" if wanted is not None else
                           "there is no vCPU yet: let host-hv create its guests")
    return found
