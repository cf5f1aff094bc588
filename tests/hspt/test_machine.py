# SPDX-License-Identifier: BSD-2-Clause
"""Direct accesses hide nothing from debuggers, migration and snapshots."""

import subprocess

import pytest

from machine import BUILD

DIRECT = ",spt=private,spt-adapt=off,spt-oracle=on"
PROGRAMS = "protect,remap,huge,self-modify"


class Gdb:
    """As much of gdb's remote protocol as it takes."""

    def __init__(self, port):
        self.port = port
        self.pending = b""

    def ask(self, packet):
        self.port.sendall(b"$%s#%02x" % (packet.encode(), sum(packet.encode()) & 0xff))
        return self.answer()

    def answer(self):
        while b"#" not in self.pending[:-2]:
            piece = self.port.recv(4096)
            assert piece, "QEMU is gone"
            self.pending += piece
        packet, rest = self.pending.split(b"#", 1)
        self.pending = rest[2:]
        self.port.sendall(b"+")
        return packet.lstrip(b"+").removeprefix(b"$").decode()

    def number_at(self, address):
        return int.from_bytes(bytes.fromhex(self.ask(f"m{address:x},8")), "little")


@pytest.fixture(scope="module")
def symbols(tmp_path_factory):
    """Addresses in the guest's program."""
    folder = tmp_path_factory.mktemp("init")
    subprocess.run(["cpio", "-i", "--quiet", "init"], cwd=folder, check=True,
                   stdin=(BUILD / "hspt" / "initramfs.cpio").open("rb"))
    listed = subprocess.run(["riscv64-linux-gnu-nm", folder / "init"], check=True,
                            capture_output=True, text=True).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in listed.splitlines()}


def stop_halfway(machine, symbols):
    """Stop when debugged_half() is called: all that the program uses has been mapped by then."""
    gdb = Gdb(machine.gdb)
    half = symbols["debugged_half"]
    assert gdb.ask(f"Z1,{half:x},4") == "OK"
    assert gdb.ask("c").startswith("T05")
    assert gdb.ask(f"z1,{half:x},4") == "OK"
    assert gdb.number_at(symbols["watched"]) == 1000
    return gdb


@pytest.mark.parametrize("kind, letter, stops", [
    ("watch", 2, 1), ("rwatch", 3, 1), ("awatch", 4, 2)])
def test_watchpoints_stop_at_each_access(machine, symbols, expected, kind, letter, stops):
    watched = machine("debugged", DIRECT, words=["-S", "-gdb", "chardev:gdb"])
    gdb = stop_halfway(watched, symbols)
    mapped = watched.counters()["pages mapped"]
    assert mapped > 1000
    place = f"{symbols['watched']:x}"
    values = []
    for _ in range(20 * stops):
        assert gdb.ask(f"Z{letter},{place},8") == "OK"
        assert f";{kind}:{place};" in gdb.ask("c")
        assert gdb.ask(f"z{letter},{place},8") == "OK"
        assert gdb.ask("s").startswith("T05")
        values.append(gdb.number_at(symbols["watched"]))
    assert values == sorted(values) and values[-1] == 1020, values
    gdb.ask("D")
    counters = watched.finish()
    assert watched.numbers() == expected("debugged"), watched
    assert counters["pages mapped"] > mapped, counters


def test_breakpoints_stop_at_each_pass(machine, symbols, expected):
    stopped = machine("debugged*3", DIRECT, words=["-S", "-gdb", "chardev:gdb"])
    for _ in range(3):
        gdb = stop_halfway(stopped, symbols)
    gdb.ask("D")
    stopped.finish()
    assert stopped.numbers() == expected("debugged*3"), stopped


def test_a_debugger_sees_and_changes_memory(machine, symbols):
    changed = machine("debugged", DIRECT, words=["-S", "-gdb", "chardev:gdb"])
    gdb = stop_halfway(changed, symbols)
    place = f"{symbols['watched']:x}"
    assert gdb.ask(f"M{place},8:ff00000000000000") == "OK"
    assert gdb.ask(f"Z3,{place},8") == "OK"
    gdb.ask("c")
    assert gdb.number_at(symbols["watched"]) == 1001


def jobs(machine, command, **arguments):
    """Run a job to its end."""
    machine.do(command, **{"job-id": "job", **arguments})
    assert machine.wait_for("JOB_STATUS_CHANGE", id="job", status="concluded")
    report = next(job for job in machine.do("query-jobs") if job["id"] == "job")
    assert "error" not in report, report
    machine.do("job-dismiss", id="job")


@pytest.mark.parametrize("source, target", [(DIRECT, DIRECT), (DIRECT, ""), ("", DIRECT)])
def test_a_running_guest_migrates(machine, expected, tmp_path, source, target):
    """Its pages are mapped writable when the migration begins to track what is written."""
    programs = "protect,life*5,self-modify"
    here = machine(programs, source)
    here.wait_until("protect")
    here.do("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
    here.do("migrate-set-parameters", **{"max-bandwidth": 1 << 40, "downtime-limit": 1000})
    here.do("migrate", uri=f"file:{tmp_path / 'state'}")
    assert here.wait_for("MIGRATION", status="completed"), here
    assert here.do("query-migrate")["ram"]["dirty-sync-count"] > 1
    here.quit()
    assert len(here.numbers()) < len(expected(programs)), "it was over too soon"
    there = machine(programs, target, words=["-incoming", f"file:{tmp_path / 'state'}"])
    there.wait_until("end")
    assert here.numbers() + there.numbers() == expected(programs), (here, there)


def test_a_snapshot_is_taken_and_gone_back_to(machine, expected, tmp_path):
    disk = machine(PROGRAMS, DIRECT)
    disk.wait_until("protect")
    disk.do("stop")
    image = {"driver": "file", "filename": str(tmp_path / "disk")}
    jobs(disk, "blockdev-create", options={**image, "size": 0})
    disk.do("blockdev-add", **image, **{"node-name": "file"})
    jobs(disk, "blockdev-create", options={"driver": "qcow2", "file": "file", "size": 1 << 20})
    disk.do("blockdev-add", **{"driver": "qcow2", "file": "file", "node-name": "disk"})
    jobs(disk, "snapshot-save", tag="here", vmstate="disk", devices=["disk"])
    before = disk.numbers()
    disk.do("cont")
    disk.wait_until("huge")
    disk.do("stop")
    jobs(disk, "snapshot-load", tag="here", vmstate="disk", devices=["disk"])
    first = disk.numbers()
    disk.do("cont")
    disk.finish()
    assert len(first) > len(before) and disk.numbers() == first + expected(PROGRAMS)[len(before):], disk


@pytest.mark.parametrize("capability", ["postcopy-ram", "background-snapshot"])
def test_what_watches_memory_by_userfaultfd_is_refused(machine, capability):
    guest = machine("debugged", DIRECT, words=["-S"])
    with pytest.raises(AssertionError, match="do not see direct guest memory accesses"):
        guest.do("migrate-set-capabilities", capabilities=[{"capability": capability, "state": True}])
