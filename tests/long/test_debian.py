# SPDX-License-Identifier: BSD-2-Clause
"""Debian with systemd on a guest's disk, which `make debian` makes, in every mode."""

import os
import pathlib
import re
import signal
import subprocess

import pexpect
import pytest

from hmode import devices, machine, modes
from hmode.settings import Settings
from test_host_hv import KERNEL, command, ends
from test_virtio import console_of, disks

pytestmark = pytest.mark.long("debian")

LAUNCH = pathlib.Path(__file__).parents[2] / "qemu-platform/launch"
FSCK = "/usr/sbin/e2fsck"
PROMPT = "root@debian:~# "
SECONDS = 900
CONTROL = """Package: hello-guest
Version: 1.0
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: a package that is nowhere but here
"""
# Says that it ran where both guests' consoles are one, and powers off.
CHECK = """[Unit]
Description=what a test looks at
After=multi-user.target
[Service]
StandardOutput=tty
TTYPath=/dev/console
ExecStart=/bin/sh -c 'echo "system is $(systemctl is-system-running --wait), root is $(cat /root/name)"; \\
	echo "machine is $(cat /etc/machine-id)"; systemctl poweroff'
"""

WRITING = "n=0; while :; do n=$((n + 1)); dd if=/dev/urandom of=/root/file$((n % 50)) bs=64k count=4 2> /dev/null; " \
    "mv /root/file$((n % 50)) /root/moved$((n % 50)); [ $n -ne 40 ] || echo in mid-write; done"


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    path = tmp_path_factory.mktemp("debian") / "debian.img"
    subprocess.run([LAUNCH, "debian", f"DISK={path}"], check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture
def disk(debian, tmp_path):
    """One of the test's own."""
    subprocess.run(["cp", "--sparse=always", debian, tmp_path / "disk.img"], check=True)
    return tmp_path / "disk.img"


class Machine:
    """A guest on a terminal, with somebody logged in."""

    def __init__(self, log, *options):
        self.child = pexpect.spawn(str(LAUNCH), ["shell", *options], timeout=SECONDS, encoding="utf-8", codec_errors="replace")
        self.child.logfile_read = log.open("w")
        self.child.expect("debian login: ")
        self.child.sendline("root")
        self.child.expect_exact(PROMPT)

    def says(self, command):
        """What it prints; the last word is its status."""
        self.child.sendline(f"({command}) 2>&1 | cat; echo; echo status ${{PIPESTATUS[0]}}")
        self.child.expect(r"\nstatus ([0-9]+)\r")
        text, status = self.child.before, self.child.match[1]
        self.child.expect_exact(PROMPT)
        return text, int(status)

    def does(self, command):
        text, status = self.says(command)
        assert status == 0, text
        return text

    def power_off(self):
        self.child.sendline("poweroff")
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == 0


def is_clean(disk):
    return subprocess.run([FSCK, "-f", "-n", disk], stdin=subprocess.DEVNULL).returncode == 0


def package(folder):
    root = folder / "hello-guest"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(CONTROL)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/hello-guest").write_text("#!/bin/sh\necho hello from a package\n")
    (root / "usr/bin/hello-guest").chmod(0o755)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, folder / "hello-guest.deb"], check=True)


@pytest.mark.parametrize("mode", modes.NAMES)
def test_it_boots_and_installs(disk, tmp_path, mode):
    package(tmp_path)
    guest = Machine(tmp_path / "log", f"MODE={mode}", f"DISK={disk}", "NET=user", f"SHARE={tmp_path}")
    assert "running" in guest.does("systemctl is-system-running --wait")
    assert "10.0.2.15/24" in guest.does("ip -brief address show dev eth0")
    guest.does("ping -c 1 -W 20 10.0.2.2")
    guest.does("mount -t 9p share /mnt && apt-get install -y /mnt/hello-guest.deb")
    assert "hello from a package" in guest.does("hello-guest")
    guest.power_off()
    assert is_clean(disk)


@pytest.mark.parametrize("mode", ["native", "tsp", "ssp-hm"])
def test_a_power_cut_loses_no_file_system(disk, tmp_path, mode):
    """The journal is replayed, by the next boot and by fsck alike."""
    guest = Machine(tmp_path / "log", f"MODE={mode}", f"DISK={disk}")
    guest.does("echo before > /root/before && sync")
    guest.child.sendline(WRITING)
    guest.child.expect("[\r\n]in mid-write")
    os.killpg(guest.child.pid, signal.SIGKILL)
    guest.child.expect(pexpect.EOF)
    replayed = tmp_path / "replayed.img"
    subprocess.run(["cp", "--sparse=always", disk, replayed], check=True)
    assert subprocess.run([FSCK, "-p", replayed], stdin=subprocess.DEVNULL).returncode <= 1
    assert is_clean(replayed)
    again = Machine(tmp_path / "again", f"MODE={mode}", f"DISK={disk}")
    assert "recovery complete" in again.does("dmesg")
    assert "before" in again.does("cat /root/before")
    again.power_off()
    assert is_clean(disk)


def test_a_reboot_boots_it_again(disk, tmp_path):
    guest = Machine(tmp_path / "log", "MODE=ssp-hm", f"DISK={disk}")
    guest.child.sendline("reboot")
    guest.child.expect("debian login: ")
    guest.child.sendline("root")
    guest.child.expect_exact(PROMPT)
    guest.power_off()


def lay(disk, name, folder):
    """The service into the disk, which is not mounted, with what it tells of it."""
    (folder / "name").write_text(f"{name}\n")
    (folder / "check").write_text(CHECK)
    (folder / "words").write_text(f"cd /root\nwrite {folder}/name name\n"
                                  f"cd /etc/systemd/system\nwrite {folder}/check check.service\n"
                                  "cd multi-user.target.wants\nsymlink check.service ../check.service\n")
    subprocess.run(["/usr/sbin/debugfs", "-w", "-f", folder / "words", disk], check=True, capture_output=True)


@pytest.mark.parametrize("options", ["policy=tsp", "policy=ssp-hm"])
def test_two_guests_have_a_debian_each(debian, tmp_path, options):
    both = []
    for number in range(2):
        both.append(tmp_path / f"disk{number}.img")
        subprocess.run(["cp", "--sparse=always", debian, both[-1]], check=True)
        lay(both[-1], f"disk {number}", tmp_path)
    settings = Settings({"WORKLOAD": "none", "DISK": str(both[0])})
    guest = (KERNEL, devices.with_drivers(settings, pathlib.Path(settings.initrd)), machine.command_line(settings))
    console = console_of(command([guest, guest], f"mem=512M {options}", harts=2) + disks(*both), seconds=SECONDS)
    assert ends(console) == {0: "shutdown", 1: "shutdown"}, console[-3000:]
    for number in range(2):
        assert f"[vm{number}] system is running, root is disk {number}" in console, console[-3000:]
    assert len(set(re.findall(r"machine is ([0-9a-f]{32})", console))) == 2
