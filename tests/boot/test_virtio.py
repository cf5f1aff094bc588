# SPDX-License-Identifier: BSD-2-Clause
"""Disks, network cards and shared folders of guests: they work as natively, and a hostile driver harms itself alone."""

import functools
import hashlib
import http.server
import io
import os
import random
import re
import stat
import struct
import subprocess
import threading

import pexpect
import pytest

from launcher import BUILD, LAUNCH
from test_host_hv import command, ends, payload, records
from test_payloads import check

MIB = 1 << 20
SECTOR = 512
# Left to the long part `host-hv`: all but one mode of each kind.
IN_MODES = ["ssp-hm", "tsp", *(pytest.param(mode, marks=pytest.mark.long("host-hv")) for mode in ("native", "ssp", "hap"))]
NET_MODES = ["ssp-hm", *(pytest.param(mode, marks=pytest.mark.long("host-hv")) for mode in ("native", "tsp", "hap"))]
# Copies the disk's first MiB to its second, and says what it has read back, past the page cache.
COPY = """#!/bin/sh
set -e
dd if=/dev/vda of=/dev/vda bs=64k count=16 seek=16 conv=fsync 2> /dev/null
echo 3 > /proc/sys/vm/drop_caches
dd if=/dev/vda bs=64k count=16 skip=16 2> /dev/null | sha256sum
sync
"""


def content():
    return random.Random(19).randbytes(MIB)


def script(folder, text):
    path = folder / "script.sh"
    path.write_text(text)
    return path


def raw(path, data, size):
    path.write_bytes(data + bytes(size - len(data)))
    return path


def output(run, name="script.sh"):
    """What the program wrote, which the launcher keeps beside the log."""
    found = re.search(rf"of {name} in (\S+)", run.messages)
    with open(found[1]) as file:
        return file.read()


@pytest.mark.parametrize("mode", IN_MODES)
def test_a_disk_keeps_what_is_written(launch, tmp_path, mode):
    data = content()
    disk = raw(tmp_path / "disk.img", data, 4 * MIB)
    run = launch(MODE=mode, DISK=disk, PROGRAM=script(tmp_path, COPY), WARM=0, WORKLOAD="none", TIMEOUT=300)
    assert run.status == 0 and "status 0" in run.messages, repr(run)
    written = disk.read_bytes()
    assert written[:2 * MIB] == 2 * data and written[2 * MIB:] == bytes(2 * MIB)


def test_two_harts_share_a_disk_and_a_network_card(launch, tmp_path, server):
    """Both vCPUs notify and both are interrupted, while the boot hart serves the platform's devices."""
    port, text = server
    data = content()
    disk = raw(tmp_path / "disk.img", data, 4 * MIB)
    program = script(tmp_path, f"""#!/bin/sh
for i in 0 1 2 3; do
	dd if=/dev/vda of=/dev/vda bs=64k count=16 seek=$((16 * (i % 2 + 1))) conv=notrunc,fsync 2> /dev/null &
	wget -q -O - http://10.0.2.2:{port}/text | sha256sum
done
wait
sync
""".replace("wget", "busybox wget"))
    run = launch(MODE="ssp-hm", DISK=disk, NET="user", PROGRAM=program, WARM=0, WORKLOAD="none", HARTS=2, VCPUS=2, ICOUNT=0,
                 TIMEOUT=300)
    assert {line.split()[0] for line in output(run).splitlines()} == {hashlib.sha256(text.encode()).hexdigest()}, repr(run)
    assert disk.read_bytes() == 3 * data + bytes(MIB)


CLUSTER = 1 << 16


def empty_qcow2(path, size):
    """Header, first-level table, table of reference counts and one block of these, a cluster each."""
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, size, 0, 1, CLUSTER, 2 * CLUSTER, 1, 0, 0)
    counts = struct.pack(">4H", 1, 1, 1, 1)
    path.write_bytes(b"".join(part.ljust(CLUSTER, b"\0") for part in (
        header, b"", struct.pack(">Q", 3 * CLUSTER), counts)))
    return path


def test_a_qcow2_image_is_as_large_as_it_says(launch, tmp_path):
    disk = empty_qcow2(tmp_path / "disk.qcow2", 16 * MIB)
    program = script(tmp_path, "#!/bin/sh\ncat /sys/block/vda/size\necho kept | dd of=/dev/vda seek=1000 conv=fsync\n"
                     "dd if=/dev/vda skip=1000 count=1 | head -n 1\n")
    run = launch(MODE="ssp-hm", DISK=disk, PROGRAM=program, WARM=0, WORKLOAD="none", TIMEOUT=300)
    assert output(run).split() == [str(16 * MIB // SECTOR), "kept"], repr(run)
    assert b"kept\n" in disk.read_bytes()


@pytest.fixture
def server(tmp_path):
    """Of this machine: its port, and the text that it serves."""
    text = random.Random(19).randbytes(MIB // 2).hex()
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "text").write_text(text)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found.server_address[1], text
        found.shutdown()


@pytest.mark.parametrize("mode", NET_MODES)
def test_a_network_card_fetches_a_file(launch, tmp_path, server, mode):
    port, text = server
    program = script(tmp_path, f"#!/bin/sh\nbusybox wget -q -O - http://10.0.2.2:{port}/text | sha256sum\n")
    run = launch(MODE=mode, NET="user", PROGRAM=program, WARM=0, WORKLOAD="none", TIMEOUT=300)
    assert output(run).split()[0] == hashlib.sha256(text.encode()).hexdigest(), repr(run)


def test_a_shared_folder_is_read_and_written(launch, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "theirs").write_text("from outside\n")
    program = script(tmp_path, "#!/bin/sh\nmkdir -p /mnt\nmount -t 9p -o trans=virtio,version=9p2000.L share /mnt\n"
                     "cat /mnt/theirs\necho from inside > /mnt/ours\nchmod 4755 /mnt/ours\nmknod /mnt/null c 1 3\n")
    run = launch(MODE="ssp-hm", SHARE=shared, DISK=raw(tmp_path / "disk.img", b"", MIB), NET="user", PROGRAM=program, WARM=0,
                 WORKLOAD="none", TIMEOUT=300)
    assert output(run) == "from outside\n" and (shared / "ours").read_text() == "from inside\n", repr(run)
    if os.geteuid() == 0:
        assert not (shared / "ours").stat().st_mode & stat.S_ISUID and (shared / "null").is_file()


# ---- drivers that break the rules ----

@pytest.mark.parametrize("mode", ["tsp", "tsp-in-step", "ssp", "ssp-hm", "hap"])
def test_a_hostile_driver_breaks_its_device_alone(launch, payloads, tmp_path, mode):
    disk = raw(tmp_path / "disk.img", b"", MIB)
    run = launch(MODE=mode, KERNEL=payloads / "hostile-queues.bin", DISK=disk, MEM="128M", TIMEOUT=120)
    check(run, "hostile-queues")
    assert run.console.count("vm0: its block device needs a reset: queue 0: a buffer that is not in RAM") == 1
    written = disk.read_bytes()
    assert any(written[8 * SECTOR:72 * SECTOR]) and not any(written[:8 * SECTOR]) and not any(written[72 * SECTOR:])


@pytest.mark.parametrize("mode", ["tsp", "ssp-hm"])
def test_a_notification_costs_an_exit_and_little_for_each_descriptor(launch, payloads, tmp_path, mode):
    run = launch(MODE=mode, KERNEL=payloads / "hostile-queues.bin", DISK=raw(tmp_path / "disk.img", b"", MIB), MEM="128M",
                 APPEND="cost=1", TIMEOUT=120)
    vain, few, many = (int(number) for number in re.findall(r"^note instructions .* (\d+)$", run.console, re.M))
    assert 0 < vain < 2000 and vain < few < vain + 500, repr(run)
    assert 0 < many - few <= 10 * 100, repr(run)


def test_a_guest_that_reboots_finds_its_disk_again(launch, payloads, tmp_path):
    """It is reset while a request is on its way, and works for the same guest anew."""
    run = launch(MODE="ssp-hm", KERNEL=payloads / "hostile-queues.bin", DISK=raw(tmp_path / "disk.img", b"", MIB), MEM="128M",
                 APPEND="reboot=1", REBOOT="restart", TIMEOUT=120)
    assert run.console.count("ok what was left is read") == 2 and "FAIL" not in run.console, repr(run)
    assert [r["end"] for r in run.records() if "end" in r] == ["reboot", "shutdown"]


def disks(*paths):
    words = ["-global", "virtio-mmio.force-legacy=false"]
    for number, path in enumerate(paths):
        words += ["-drive", f"if=none,id=disk{number},format=raw,file={path}",
                  "-device", f"virtio-blk-device,drive=disk{number},bus=virtio-mmio-bus.{number}"]
    return words


def console_of(words, seconds=300):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").replace("\r", "")


RNG = ["-object", "rng-builtin,id=rng", "-device", "virtio-rng-device,rng=rng,bus=virtio-mmio-bus.1"]


def test_a_request_has_no_more_bytes_than_its_type(payloads, tmp_path):
    """What the device does for it, QEMU does at once: all guests wait meanwhile."""
    disk = raw(tmp_path / "disk.img", b"", 64 * MIB)
    console = console_of(command([payload(payloads, "hostile-bytes")], "mem=128M policy=ssp-hm") + disks(disk) + RNG)
    assert ends(console) == {0: "shutdown"} and "FAIL" not in console, console
    assert re.search(r"payload: 9 ok, 0 failed", console), console


@pytest.mark.parametrize("options", ["policy=tsp", "policy=ssp-hm"])
def test_two_guests_have_a_disk_each(payloads, tmp_path, options):
    """The second one's disk is the one at the higher address; both drivers are hostile."""
    both = [raw(tmp_path / f"disk{number}.img", b"", (1 + number) * MIB) for number in range(2)]
    guest = payload(payloads, "hostile-queues")
    console = console_of(command([guest, guest], f"mem=128M {options}", harts=2) + disks(*both))
    assert ends(console) == {0: "shutdown", 1: "shutdown"} and "FAIL" not in console, console
    assert all(any(path.read_bytes()[8 * SECTOR:72 * SECTOR]) for path in both)


def test_a_guest_has_the_disks_that_it_is_given(payloads, tmp_path):
    """The second guest has the first disk, which would be the first guest's otherwise, and nobody has the second."""
    both = [raw(tmp_path / f"disk{number}.img", b"", MIB) for number in range(2)]
    guests = [payload(payloads, "flush"), payload(payloads, "hostile-queues")]
    console = console_of(command(guests, "mem=128M policy=ssp-hm devices=1", harts=2) + disks(*both))
    assert ends(console) == {0: "shutdown", 1: "shutdown"} and "FAIL" not in console, console
    assert [any(path.read_bytes()) for path in both] == [True, False]


def test_a_disk_for_a_guest_that_there_is_not_is_refused(payloads, tmp_path):
    disk = raw(tmp_path / "disk.img", b"", MIB)
    console = console_of(command([payload(payloads, "flush")], "mem=128M devices=1") + disks(disk))
    assert "devices= gives a device to guest 1, and there are 1 guests" in console, console


@pytest.mark.parametrize("options", ["policy=tsp", "policy=ssp-hm"])
def test_no_buffer_reaches_a_neighbours_ram(payloads, tmp_path, options):
    """The first guest tries all MiB that lie around its RAM, while the second one watches its own."""
    hostile, watcher = payload(payloads, "hostile-queues"), payload(payloads, "hostile-queues")
    disk = raw(tmp_path / "disk.img", b"", MIB)
    words = command([(hostile[0], None, f"outside={256 * MIB}"), (watcher[0], None, "watch=4000")], f"mem=128M {options}", harts=2)
    console = console_of(words + disks(disk))
    assert ends(console) == {0: "shutdown", 1: "shutdown"}, console
    assert "[vm1] ok nobody has written to this RAM" in console and "FAIL" not in console, console


def system(folder, first):
    """A disk whose /sbin/init is that script, for the guest's busybox."""
    root = folder / "root"
    (root / "sbin").mkdir(parents=True)
    with (BUILD / "guest/initramfs.cpio").open("rb") as archive:
        subprocess.run(["cpio", "--quiet", "-id"], stdin=archive, cwd=root, check=True)
    (root / "sbin/init").write_text(f"#!/bin/sh\n{first}")
    (root / "sbin/init").chmod(0o755)
    (root / "rescue").write_text("#!/bin/sh\necho another first process, told $*.\npoweroff -f\n")
    (root / "rescue").chmod(0o755)
    (root / "bin/linked").symlink_to("../sbin/again")
    (root / "sbin/again").symlink_to("/rescue")
    (root / "bin/round").symlink_to("round")
    disk = raw(folder / "disk.img", b"", 32 * MIB)
    subprocess.run(["/usr/sbin/mke2fs", "-q", "-t", "ext4", "-d", root, disk], check=True)
    return disk


BOOTED = """echo "system: $(grep ' / ' /proc/mounts | tail -n 1)"
mount -o remount,rw / && echo kept > /file && sync
poweroff -f
"""


@pytest.mark.parametrize("mode", IN_MODES)
def test_a_system_on_the_disk_is_booted(launch, tmp_path, mode):
    disk = system(tmp_path, "mount -t proc proc /proc\n" + BOOTED)
    run = launch(MODE=mode, DISK=disk, WORKLOAD="none", TIMEOUT=120)
    assert run.status == 0 and "system: /dev/vda / ext4 ro" in run.console, repr(run)
    done = subprocess.run(["/usr/sbin/debugfs", "-R", "cat /file", disk], capture_output=True)
    assert done.stdout == b"kept\n"


def test_the_command_line_chooses_the_first_process(launch, tmp_path):
    disk = system(tmp_path, BOOTED)
    run = launch(MODE="ssp-hm", DISK=disk, WORKLOAD="none", APPEND="init=/bin/linked root=/dev/vda single", TIMEOUT=120)
    assert run.status == 0 and "another first process, told single." in run.console and "system:" not in run.console, repr(run)


def shell_instead(words):
    """Opens it, and gives what was said until it ended."""
    machine = pexpect.spawn(str(LAUNCH), ["shell", "MODE=ssp-hm", *words], timeout=120, encoding="utf-8")
    machine.logfile_read = log = io.StringIO()
    machine.expect_exact("~ # ")
    machine.sendline("poweroff -f")
    machine.expect(pexpect.EOF)
    return log.getvalue()


@pytest.mark.parametrize("mode", IN_MODES)
def test_a_guest_has_random_numbers(launch, tmp_path, mode):
    read = "cat /sys/class/misc/hw_random/rng_current\nfor i in 1 2; do dd if=/dev/hwrng bs=64 count=4 iflag=fullblock 2> /dev/null | md5sum; done\n"
    run = launch(MODE=mode, RNG=1, PROGRAM=script(tmp_path, f"#!/bin/sh\n{read}"), WARM=0)
    name, first, second = output(run).splitlines()
    assert run.status == 0 and name == "virtio_rng.0" and first != second, repr(run)


@pytest.mark.parametrize("init", ["/bin", "/bin/round", "/dev/none"])
def test_what_cannot_be_executed_is_no_first_process(tmp_path, init):
    """The kernel would panic; our shell is there instead."""
    said = shell_instead([f"DISK={system(tmp_path, BOOTED)}", f"APPEND=init={init}"])
    assert f"there is no ext4 with a {init} on /dev/vda" in said and "panic" not in said.partition("Booting")[2], said


@pytest.mark.parametrize("append, said", [("", "there is no ext4 with a /sbin/init on /dev/vda /dev/vda1"), ("break", None),
                                          ("root=/dev/vdb init=/x", "there is no ext4 with a /x on /dev/vdb")])
def test_a_disk_without_a_system_leaves_our_shell(tmp_path, append, said):
    """As does the word break, of which nothing is said."""
    log = shell_instead([f"DISK={raw(tmp_path / 'disk.img', b'', MIB)}", f"APPEND={append}"])
    assert re.findall("hmode: (there is no .*?)\r", log) == [said] * bool(said)


@pytest.mark.parametrize("device, type_number", [("virtio-serial-device", 3), ("virtio-balloon-device", 5)])
def test_no_guest_gets_a_device_of_another_type(payloads, device, type_number):
    words = command([payload(payloads, "tree")], "mem=128M")
    console = console_of([*words, "-global", "virtio-mmio.force-legacy=false", "-device", device])
    assert f"virtio device of type {type_number} at 0x1000" in console and "no guest gets it" in console, console
    assert ends(console) == {0: "shutdown"}, console


NETWORK = ["-global", "virtio-mmio.force-legacy=false", "-netdev", "user,id=net", "-device",
           "virtio-net-device,netdev=net,bus=virtio-mmio-bus.0"]
COUNTED = ["-icount", "shift=0,sleep=off", "-seed", "1"]
PERIODS, CALLS = 1333, 32       # of devices.c: periods in a second, and interrupts in one


def interrupts_of(console, guest):
    (record,) = [each for each in records(console) if "mark" in each and each["vm"] == guest]
    return record["vm_exits"]["by_reason"]["interrupt"]


@pytest.mark.parametrize("options", ["policy=tsp", "policy=ssp-hm"])
def test_a_device_that_interrupts_all_the_time_is_put_off(payloads, options):
    """The card answers each request at once, so the guest alone says how often it interrupts; it has half a second."""
    guest = payload(payloads, "hostile-interrupts")
    console = console_of(command([(guest[0], None, "ms=500")], f"mem=128M marks=1 {options}") + NETWORK + COUNTED)
    assert ends(console) == {0: "shutdown"} and "FAIL" not in console, console
    most = PERIODS * CALLS // 2
    assert 0.9 * most < interrupts_of(console, 0) < 1.1 * most, console


@pytest.mark.parametrize("options", ["policy=tsp", "policy=ssp-hm"])
def test_a_device_that_interrupts_all_the_time_takes_no_more_than_a_neighbour_that_spins(payloads, options):
    """On one hart, where both take turns, what the other guest does takes as long beside either."""
    ticks = []
    for name, words, device in (("bench-victim", "rounds=20", "none"), ("hostile-interrupts", "ms=1000", "1")):
        guests = [(payload(payloads, "bench-victim")[0], None, "rounds=10"), (payload(payloads, name)[0], None, words)]
        console = console_of(command(guests, f"mem=128M marks=1 {options} devices={device}") + NETWORK + COUNTED)
        assert ends(console) == {0: "shutdown", 1: "shutdown"} and "FAIL" not in console, console
        ticks.append(sum(map(int, re.findall(r"\[vm0\] note ticks of work (\d+)", console))))
        assert interrupts_of(console, 0) < 4 * ticks[-1] / 7500, console
    assert ticks[0] > 0.95 * ticks[1], ticks


def endless_disk(path):
    """Each sector is a queue of one request, and the request for the next sector (hostile-stopped.c)."""
    sectors = 1 << 16
    with open(path, "wb") as file:
        for sector in range(sectors + 256):
            words = struct.pack("<HHHHIIQ", 0, (sector + 2) % sectors, 0, 0, 0, 0, (sector + 1) % sectors)
            file.write(words.ljust(SECTOR, b"\0"))
    return path


@pytest.mark.parametrize("options", ["policy=tsp", "policy=ssp-hm"])
def test_a_device_of_a_guest_that_has_stopped_takes_nobodys_time(payloads, tmp_path, options):
    disk, ticks = endless_disk(tmp_path / "disk.img"), []
    for words in ("idle=1", "idle=0"):
        guests = [(payload(payloads, "bench-victim")[0], None, "rounds=20"), (payload(payloads, "hostile-stopped")[0], None, words)]
        command_line = command(guests, f"mem=128M {options} devices=1") + disks(disk) + ["-icount", "shift=0,sleep=on"]
        machine = pexpect.spawn(command_line[0], command_line[1:], timeout=120, encoding="utf-8")
        machine.expect_exact("[vm1] note stops")
        machine.expect_exact('{"end":"shutdown","vm":0}')
        ticks.append(sum(map(int, re.findall(r"\[vm0\] note ticks of work (\d+)", machine.before))))
        machine.close(force=True)
    assert ticks[1] < 1.05 * ticks[0], ticks
