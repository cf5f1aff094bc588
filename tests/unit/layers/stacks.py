# SPDX-License-Identifier: BSD-2-Clause
"""Who calls whom in the linked firmware, function by function, and how deep that makes each stack of M-mode.

Calls and jumps are read from the disassembly, OpenSBI's functions included.  A call by pointer goes where INDIRECT says; a
caller that is not there is an error.  What a function takes of the stack says -fstack-usage (*.su beside the objects), and
for OpenSBI's the disassembly.
By hand:    python3 tests/unit/layers/stacks.py build/hmcode
"""

import collections
import dataclasses
import os
import pathlib
import re
import subprocess
import sys

CROSS = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-")
LABEL = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
LINE = re.compile(r"^\s+[0-9a-f]+:\s+[0-9a-f]+\s+(\S+)(?:\s+(.*))?$")
TARGET = re.compile(r"([0-9a-f]+) <[^>]+>")
JUMPS = re.compile(r"^(jal|jalr|c\.j|c\.jr|c\.jalr|beq|bne|bltu?|bgeu?|c\.beqz|c\.bnez)$")


@dataclasses.dataclass
class Function:
    """One symbol of the text; calls are addresses of others."""
    name: str
    file: str                   # the object's source, without its folder; "" where the symbol is global
    frame: int = 0
    calls: set = dataclasses.field(default_factory=set)
    by_pointer: bool = False


def files_of(elf):
    """{(address, name): file} of local symbols, and the set of global ones."""
    listing = subprocess.run([CROSS + "readelf", "-sW", elf], check=True, stdout=subprocess.PIPE, text=True).stdout
    local, file = {}, ""
    for words in map(str.split, listing.splitlines()):
        if len(words) == 8 and words[3] == "FILE":
            file = words[7]
        elif len(words) == 8 and words[3] in ("FUNC", "NOTYPE") and words[4] == "LOCAL":
            local[int(words[1], 16), words[7]] = file
    return local


def grows(opcode, operands):
    """By how much an instruction lowers sp."""
    found = re.match(r"^sp,(?:sp,)?-(\d+)", operands or "") if opcode in ("addi", "c.addi", "c.addi16sp") else None
    return int(found[1]) if found else 0


def functions(elf):
    """{address: Function} of the whole text."""
    listing = subprocess.run([CROSS + "objdump", "-d", "-M", "no-aliases", elf], check=True, stdout=subprocess.PIPE,
                             text=True).stdout
    local, found, function = files_of(elf), {}, None
    for line in listing.splitlines():
        label, insn = LABEL.match(line), LINE.match(line)
        if label:
            start = int(label[1], 16)
            function = found[start] = Function(label[2], local.get((start, label[2]), ""))
        elif insn and function:
            opcode, operands = insn[1], insn[2] or ""
            function.frame += grows(opcode, operands)
            target = TARGET.search(operands)
            if JUMPS.match(opcode) and target and (int(target[1], 16) != start or operands.startswith("ra,")):
                function.calls.add(int(target[1], 16))      # not a loop that goes back to the beginning
            elif opcode in ("jalr", "c.jalr") or opcode == "c.jr" and operands not in ("ra", "t0"):
                function.by_pointer = True
    for function in found.values():
        function.calls &= set(found)
    return found


def usage(build):
    """{(file, function): bytes} of all *.su; of a function in parts the largest."""
    found = collections.defaultdict(int)
    for path in sorted(build.rglob("*.su")):
        for line in path.read_text().splitlines():
            place, size, kind = line.split("\t")
            if "dynamic" in kind and "bounded" not in kind:
                raise ValueError(f"{place}: no bound of its stack")
            name = place.rsplit(":", 1)[1].split(".")[0]
            key = path.stem + ".c", name
            found[key] = max(found[key], int(size))
    return dict(found)


ROUTES = tuple("hm_route_" + name for name in ("illegal", "access_fault", "misaligned", "sbi"))
TIMERS = ("mtimer_event_start", "plmt_timer_event_start")
WAYS = ("hm_fence_asid_way", "hm_fence_all_way", "hm_satp_way")
WITHIN = ()         # a jump within the function: a switch by a table
# Who calls by pointer, and whom.
INDIRECT = {
    "hm_middle": WAYS,
    "hm_general_insn": WITHIN,      # sources.S, whose pieces of code come back by t0
    "hm_trap_route": ROUTES,
    "hm_route_interrupt": TIMERS, "start_timer": TIMERS, "hm_vcpu_run": TIMERS,
    "enter_older_hart": TIMERS, "leave_older_hart": TIMERS,
    "hm_route_sbi": WITHIN, "decode_scalar": WITHIN, "ecall_hm_handler": WITHIN,
    "hm_pmu_call": WITHIN,
    "hm_fatal_end": ("find_scratch", "stop_others", "print_fault", "shut_down"),
    "print_fault": ("uart8250_putc", "sifive_uart_putc", "htif_putc"),
    "shut_down": ("htif_system_reset", "sunxi_wdt_system_reset"),
    "hm_fp_read": WITHIN, "hm_fp_write": WITHIN,
    "early_init": ("generic_early_init",), "early_exit": ("generic_early_exit",),
    "final_init": ("generic_final_init",), "domains_init": ("generic_domains_init",),
    # OpenSBI's, as far as ours call them.
    "sbi_ipi_process": ("sbi_ipi_process_smode", "sbi_ipi_process_halt", "tlb_process", "sse_ipi_inject_process"),
    "sbi_exit": ("early_exit", "generic_early_exit", "generic_final_exit"),
    "sbi_system_reset_get_device": ("htif_system_reset_check", "sunxi_wdt_system_reset_check"),
    "print": WITHIN, "nputs": ("uart8250_putc", "sifive_uart_putc", "htif_putc"),
    "sbi_ipi_raw_clear": ("mswi_ipi_clear", "plicsw_ipi_clear"),
    "sbi_ipi_raw_send": ("mswi_ipi_send", "plicsw_ipi_send"),
    "sbi_timer_value": ("mtimer_value", "plmt_timer_value", "get_ticks"),
    "mtimer_value": ("mtimer_time_rd64", "mtimer_time_rd32"),
    "mtimer_event_start": ("mtimer_time_wr64", "mtimer_time_wr32"),
}

# OpenSBI's that call by pointer and are not followed: a driver that no platform of ours has, or the fence of a hart.
OPEN = {"generic_early_exit", "generic_final_exit", "sbi_hsm_exit", "sbi_timer_exit", "tlb_entry_local_process"}


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack of M-mode: its size in bytes, the C functions that begin on it, and what stands there before them."""
    size: int
    roots: tuple
    before: int = 0
    chain: tuple = ()           # functions that stand there before as well


class Firmware:
    """The linked firmware, its functions by name, and what each takes."""

    def __init__(self, build, indirect=None):
        self.functions = functions(build / "hmcode.elf")
        self.indirect = INDIRECT if indirect is None else indirect
        self.by_name = collections.defaultdict(set)
        self.unknown = set()
        for address, function in self.functions.items():
            self.by_name[function.name.split(".")[0]].add(address)
        self.take_usage(usage(build))

    def take_usage(self, used):
        """Frames as the compiler says; self.ours are the functions it says them of."""
        self.ours, of_any = set(), {name: (file, size) for (file, name), size in used.items()}
        for address, function in self.functions.items():
            name = function.name.split(".")[0]
            size = used.get((function.file, name), of_any[name][1] if not function.file and name in of_any else None)
            if size is not None:
                function.frame = size
                self.ours.add(address)

    def callees(self, address):
        """Addresses that a function calls, by pointer as well; notes one that nothing is said of."""
        function = self.functions[address]
        name = function.name.split(".")[0]
        if function.by_pointer and name not in self.indirect:
            self.unknown.add(function.name)
        named = {target for callee in self.indirect.get(name, ()) for target in self.by_name.get(callee, ())}
        return function.calls | named

    def circles(self):
        """Sets of names that call each other, ours among them."""
        graph = {address: self.callees(address) for address in self.ours}
        found = []
        for address in self.ours:
            seen, left = set(), list(graph[address] - {address})
            while left:
                node = left.pop()
                if node not in seen:
                    seen.add(node)
                    left += graph.get(node) or self.callees(node)
            if address in seen or address in graph[address]:
                found.append(self.functions[address].name)
        return sorted(found)

    def deepest(self, address, above=()):
        """(bytes, names) of the deepest way from a function on."""
        if address in above:
            return 0, ["..."]
        ways = [self.deepest(callee, (*above, address)) for callee in self.callees(address)]
        size, names = max(ways, default=(0, []))
        return size + self.functions[address].frame, [self.functions[address].name, *names]

    def depth(self, stack):
        """(bytes, names) of the deepest way on a stack."""
        starts = [address for root in stack.roots for address in self.by_name[root]]
        if len(starts) < len(stack.roots):
            raise LookupError(f"not all of {stack.roots} are in the firmware")
        size, names = max(self.deepest(address) for address in starts)
        above = [self.functions[address] for name in stack.chain for address in sorted(self.by_name[name])[:1]]
        return size + stack.before + sum(function.frame for function in above), [*stack.chain, *names]


# What a trap of the host world leaves on OpenSBI's stack before C begins: host_vector.S, and SBI_TRAP_CONTEXT_SIZE and less.
HOST_FRAME, TRAP_CONTEXT = 8 * 32, 512
# OpenSBI's stack of a hart, whose upper end is its scratch space (SBI_PLATFORM_DEFAULT_HART_STACK_SIZE, SBI_SCRATCH_SIZE).
HOST_STACK = 8192 - 4096
GUEST_WORLD = (*WAYS, "hm_fault_short", "hm_fence_page_asid_short", "hm_fence_page_short", "hm_satp_short",
               "hm_learn_tvm", "hm_tvm_short_policy", "hm_trap_mmu", "hm_trap_unknown", "hm_trap_route",
               "hm_fault_to_host", "hm_fence_to_host", "hm_device_to_host")
HANDLER = ("__wrap_sbi_trap_handler",)
ECALL = (*HANDLER, "sbi_trap_handler", "sbi_ecall_handler")
TO_SPARE = 1024


def define(hmcode, header, name):
    """The number that a header of hmcode defines."""
    return int(re.search(rf"^#define\s+{name}\s+(\d+)$", (hmcode / header).read_text(), re.MULTILINE)[1])


def stacks(hmcode):
    """{what runs on it: Stack} of the firmware whose sources are in hmcode."""
    return {
        "guest world": Stack(define(hmcode, "core/vcpu.h", "HM_STACK_SIZE"), GUEST_WORLD),
        "a vCPU runs": Stack(HOST_STACK, ("hm_vcpu_run",), HOST_FRAME),
        "calls of the host": Stack(HOST_STACK, ("ecall_hm_handler",), TRAP_CONTEXT, ECALL),
        "native marker": Stack(HOST_STACK, ("hm_mark_native",), TRAP_CONTEXT, HANDLER),
        "end of the machine": Stack(define(hmcode, "core/fatal.h", "HM_FATAL_STACK_SIZE"), ("hm_fatal_end",)),
    }


def faults(hmcode, build, indirect=None):
    """All that is wrong with the stacks of a firmware that is built, a line each; hmcode: its sources."""
    firmware = Firmware(build, indirect)
    wrong = [f"{name} calls itself, by way of others or not" for name in firmware.circles()]
    # Of OpenSBI's functions only those that stand on one of our stacks are our affair: depth() adds them.
    firmware.unknown &= {firmware.functions[address].name for address in firmware.ours}
    for name, stack in stacks(hmcode).items():
        size, names = firmware.depth(stack)
        if size + TO_SPARE > stack.size:
            wrong.append(f"{name}: {size} of {stack.size} bytes of stack, by {' > '.join(names)}")
    wrong += [f"INDIRECT names {name}, which is no function" for name in sorted(
        {name for caller, callees in INDIRECT.items() for name in (caller, *callees)} - set(firmware.by_name))]
    return wrong + [f"{name} calls by pointer: INDIRECT has no line for it" for name in sorted(firmware.unknown - OPEN)]


def main(build):
    """Print how deep each stack gets, and what is wrong."""
    hmcode = pathlib.Path(__file__).resolve().parents[3] / "hmcode"
    firmware = Firmware(pathlib.Path(build))
    for name, stack in stacks(hmcode).items():
        size, names = firmware.depth(stack)
        print(f"{name}: {size} of {stack.size} bytes, by {' > '.join(names)}")
    wrong = faults(hmcode, pathlib.Path(build))
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
