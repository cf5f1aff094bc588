# SPDX-License-Identifier: BSD-2-Clause
"""gdb commands for a machine that runs hmcode under QEMU; docs/debugging.md shows them.

    hm-harts           all harts: which world each is in, where, in which calls; and the locks
    hm-vcpu [N]        one vCPU, or all: where it is, registers, CSRs, counters
    hm-roots [N]       its root buffer
    hm-walk VA [N]     a GVA through the guest's tables and through the shadow's

They only read.  The firmware's structures are read, and numbers named, by the
types in hmcode.elf, and by physical address, whatever the hart's translation is at the
moment: QEMU's stub offers that (Qqemu.PhyMemMode).
"""

import contextlib
import os
import sys

import gdb

THIS = os.path.realpath(__file__)       # gdb has it while it reads the file, and no longer

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(THIS))
from hm_objects import (  # noqa: E402
    CSRS, LENT, MODES, NONE, OURS, PAGE_SHIFT, PRIV_M, PTE_V, REGISTERS, SPLIT, address_of, enum_names, exit_name,
    harts, is_host_hv_there, is_leaf, load, number, physical, place, pointer, policy_text, pte_address, pte_text,
    register, satp_fields, satp_text, symbols_at, vcpus, whole_vcpus)

CAUSE_SUPERVISOR_ECALL = 9
LOCKS = "hm_objects_lock", "'core/pool.c'::lock"        # docs/locks.md
DEEPEST = 16                    # calls that are shown of a hart
MOST_EXTENSIONS = 64            # OpenSBI 1.6 has a third of it
FIRMWARE_BASE = 0x80000000      # where QEMU's virt machine puts -bios


# ---- hm-harts ----

def extension_name(wanted):
    """Of an SBI extension, by OpenSBI's own list."""
    at = head = address_of("ecall_exts_list")
    for _ in range(MOST_EXTENSIONS):
        at = load(at)
        if at in (None, 0, head):
            break
        extension = pointer(at, "struct sbi_ecall_extension").dereference()     # the link is its first member
        if number(extension["extid_start"]) <= wanted <= number(extension["extid_end"]):
            return extension["name"].string()
    return f"{wanted:#x}"


def work(hart):
    """What the firmware does on this hart."""
    guest, context = hart.guest(), hart.call()
    if guest is not None:
        cause = register("mcause")
        return f"a trap of cause {cause:#x}, mtval {register('mtval'):#x}, from pc {register('mepc'):#x}"
    if context is None:
        return ""
    cause, regs = number(context["trap"]["cause"]), context["regs"]
    if cause != CAUSE_SUPERVISOR_ECALL:
        return f"the host's trap of cause {cause:#x}, from pc {place(number(regs['mepc']), is_host_hv_there())}"
    return f"the host's SBI call {extension_name(number(regs['a7']))}, function {number(regs['a6'])}"


def world(hart, names):
    """names: of vCPUs, by their addresses."""
    vcpu = names.get(hart.guest())
    if hart.priv != PRIV_M:
        return ", ".join(filter(None, ["guest world" if vcpu else "host world", vcpu, f"{'US'[hart.priv]}-mode"]))
    if not symbols_at(hart.pc):
        return "M-mode, outside the firmware"
    return ", ".join(filter(None, ["firmware", vcpu, work(hart)]))


def calls():
    """Functions of the selected hart from the innermost one, as far as DWARF knows them."""
    found = []
    with contextlib.suppress(gdb.error):
        frame = gdb.newest_frame()
        while frame is not None and frame.name() and len(found) < DEEPEST:
            found.append(frame)
            frame = frame.older() if frame.function() else None     # what assembly saved is no frame
    return found


def lock_name(address):
    """A lock's, with its file where that alone knows it."""
    name = next((symbol for symbol, _ in symbols_at(address)), f"{address:#x}")
    own = [symbol for symbol in gdb.lookup_static_symbols(name) if number(symbol.value().address) == address]
    return name + (f" of {os.path.normpath(own[0].symtab.filename)}" if own else "")


def waits(frames):
    """The locks that one of these calls is to get."""
    with contextlib.suppress(gdb.error):        # it is in no register any more
        return [lock_name(number(frame.read_var("lock"))) for frame in frames if frame.name() == "spin_lock"]
    return []


def runs_ours(hart):
    """Firmware or host-hv, rather than a guest or a native kernel."""
    return hart.priv == PRIV_M or hart.guest() is None and is_host_hv_there()


def print_hart(hart, names):
    hart.thread.switch()
    print(f"hart {hart.id}, gdb thread {hart.thread.num}: {world(hart, names)}")
    is_ours = runs_ours(hart)
    print(f"  pc {place(hart.pc, is_ours)}; mtvec {place(hart.mtvec & ~3)}")
    frames = calls() if is_ours else []
    if len(frames) > 1:
        print("  in " + " < ".join(frame.name() for frame in frames))
    for lock in waits(frames):
        print(f"  waits for {lock}")


def print_lock(expression):
    """A ticket lock (OpenSBI's riscv_locks.h): who came and has not left, the first of them in it."""
    lock = gdb.parse_and_eval(expression)
    here = (int(lock["next"]) - int(lock["owner"])) & 0xffff
    print(f"{lock_name(number(lock.address))}: " + (f"held, {here - 1} waiting" if here else "free"))


def print_harts():
    names = {number(v.object.address): str(v) for v in whole_vcpus()}
    for hart in harts():
        print_hart(hart, names)
    for lock in LOCKS:
        print_lock(lock)


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


def print_page(run, is_lent):
    """The host's view: hm_run, which is the truth while the vCPU is not running, but for CSRs that are lent."""
    print(f"  not running: {'US'[number(run['priv']) & 1]}-mode, pc {number(run['pc']):#x}; "
          f"last exit: {exit_name(number(run['exit_reason']))}, cause {number(run['exit_cause']):#x}, "
          f"gpa {number(run['exit_gpa']):#x}, value {number(run['exit_value']):#x}")
    print_registers([0] + [number(run["x"][n]) for n in range(1, 32)])
    print_csrs([(name, number(run[name])) for name in CSRS if name != "satp" and not (is_lent and name in LENT)])
    if is_lent:
        print(f"  (lent: {', '.join(LENT)} are its hart's, but for those that the host has just written)")


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
    root = vcpu.current()
    thread = vcpu.thread()

    print(f"{vcpu}, {enum_names('hm_vcpu_state', 'HM_VCPU_')[vcpu.state]}; "
          f"policy: {policy_text(number(vcpu.object['policy']))}")
    if thread:
        print_live(thread)
    else:
        print_page(vcpu.object["run"].dereference(), vcpu.is_lent)
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
        filled = f"filled tables {int(root['filled_count'])}"
        if n == 0:
            print(f"  {n:2} global tree, {MODES[int(root['mode'])][0] if int(root['mode']) else 'unused'}; {filled}")
            continue
        print(f"{mark} {n:2} guest {satp_text(number(root['gsatp']))}; "
              f"shadow {satp_text(number(root['hsatp']))}; {filled}; lag {lag}")


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
        must_be_placed()
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


HmCommand("hm-harts", "Print all harts: world, place, calls; and the firmware's locks.", "hm-harts", print_harts)
HmCommand("hm-vcpu", "Print vCPU N, or all: where it is, registers, CSRs, counters.",
          "hm-vcpu [N]", all_or_one(print_vcpu))
HmCommand("hm-roots", "Print the root buffer of vCPU N, or of all.",
          "hm-roots [N]", all_or_one(print_roots))
HmCommand("hm-walk", "Walk a guest virtual address through the guest's tables and the shadow's.",
          "hm-walk VA [N]", walk)


# ---- symbols ----

def read_as_a_program(path):
    """Symbols that gdb 13 read by add-symbol-file alone make it abort at a later `file` of the same file."""
    if not gdb.objfiles():
        gdb.execute(f"file {path}", to_string=True)
        gdb.execute("symbol-file", to_string=True)


def add_symbols():
    """hmcode.elf is linked at 0 and runs where QEMU puts it; host-hv.elf is linked where it runs."""
    for path, offset in zip(OURS, (FIRMWARE_BASE, 0)):
        if os.path.exists(path):
            read_as_a_program(path)
            gdb.execute(f"add-symbol-file {path} -o {offset:#x}", to_string=True)
        else:
            print(f"hm.py: {path} is not built: no symbols of it")


def find_sources():
    """Compilers were told no path of the machine that builds (-ffile-prefix-map)."""
    top = os.path.join(os.path.dirname(THIS), "..", "..")
    folders = {f"./{part}": os.path.normpath(os.path.join(top, part)) for part in ("hmcode", "host-hv")}
    if os.environ.get("OPENSBI_SRC"):
        folders["opensbi"] = os.path.realpath(os.environ["OPENSBI_SRC"])
    for said, folder in folders.items():
        gdb.execute(f"set substitute-path {said} {folder}")


def must_be_placed():
    """Symbols at other addresses than the firmware's would show an empty memory."""
    try:
        where = address_of("hm_entries")
    except gdb.error as error:
        raise gdb.GdbError(f"there are no symbols of hmcode.elf: source {THIS}") from error
    if where < FIRMWARE_BASE:
        raise gdb.GdbError(f"hmcode.elf is loaded as if it ran at 0, and it runs at {FIRMWARE_BASE:#x}: "
                           f"`symbol-file` without a name, then: source {THIS}")


gdb.execute("set confirm off")
gdb.execute("set architecture riscv:rv64", to_string=True)
add_symbols()
find_sources()
