# SPDX-License-Identifier: BSD-2-Clause
"""`make shell`: how it ends, how a script drives it, and that its first process leaves markers alone."""

import os
import subprocess

import pexpect
import pytest

from launcher import LAUNCH

PROMPT = "~ # "


def shell_of(mode, *words):
    shell = pexpect.spawn(str(LAUNCH), ["shell", f"MODE={mode}", "MEM=256M", *words], timeout=120, encoding="utf-8",
                          codec_errors="replace", env={**os.environ, "TERM": "dumb"})
    shell.expect_exact(PROMPT)
    return shell


@pytest.mark.parametrize("mode, command, said", [("native", "poweroff", "Power down"), ("ssp-hm", "poweroff", "Power down"),
                                                 ("ssp-hm", "halt", "System halted"), ("ssp-hm", "exit", "Power down")])
def test_a_command_ends_it(mode, command, said):
    """As busybox's init does it: the command returns, and the first process ends the machine."""
    shell = shell_of(mode)
    assert "unhandled signal" not in shell.before
    shell.sendline(command)
    shell.expect_exact(f"reboot: {said}")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 0


def test_reboot_begins_anew():
    shell = shell_of("ssp-hm")
    shell.sendline("touch /left; reboot")
    shell.expect_exact("reboot: Restarting system")
    shell.expect_exact(PROMPT)
    shell.sendline("ls /left")
    shell.expect_exact("No such file")
    shell.close(force=True)


@pytest.mark.parametrize("mode", ["tsp", "ssp-hm", "hap"])
def test_two_guests_have_a_shell_and_a_disk_each(tmp_path, mode):
    """And the machine ends when both have."""
    disks = [tmp_path / name for name in "ab"]
    for disk in disks:
        with disk.open("wb") as file:
            file.truncate(1 << 20)
    machine = pexpect.spawn(str(LAUNCH), ["shell", f"MODE={mode}", "MEM=128M", "GUESTS=2", f"DISK={disks[0]},{disks[1]}"],
                            timeout=120, encoding="utf-8", codec_errors="replace", env={**os.environ, "TERM": "dumb"})
    prompts = {"0", "1"}
    while prompts:
        machine.expect(r"\[vm([01])\] ~ # ")
        prompts.discard(machine.match[1])
    for guest in "01":
        machine.send("\x1d")
        machine.expect_exact("host-hv> ")
        machine.sendline(f"guest {guest}")
        machine.expect_exact(f"the keyboard is vm{guest}'s")
        machine.sendline(f"echo of vm{guest} > /dev/vda; sync; poweroff")
        machine.expect_exact(f"[vm{guest}] ")
        machine.expect_exact("reboot: Power down")
    machine.expect(pexpect.EOF)
    machine.close()
    assert machine.exitstatus == 0
    assert [disk.read_bytes()[:7] for disk in disks] == [b"of vm0\n", b"of vm1\n"]


def test_processes_may_end_by_themselves():
    shell = shell_of("ssp-hm")
    shell.sendline("sh -c 'trap \"echo as\"ked TERM; while :; do sleep 0.1; done' & ")
    shell.expect_exact(PROMPT)
    shell.sendline("poweroff")
    shell.expect_exact("asked")
    shell.expect_exact("reboot: Power down")
    shell.close(force=True)


def test_a_script_drives_it(tmp_path):
    """Lines are typed once the shell is there: what comes earlier may be lost."""
    log = tmp_path / "log"
    script = f"until grep -q '^~ # ' {log} 2>/dev/null; do sleep 0.2; done; echo 'echo $((6 * 7)) is it'; echo poweroff; sleep 60"
    typed = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE)
    done = subprocess.run([LAUNCH, "shell", "MODE=ssp-hm", "MEM=256M", f"LOG={log}", "TIMEOUT=100"], stdin=typed.stdout,
                          capture_output=True, text=True, timeout=120)
    typed.kill()
    typed.wait()
    assert done.returncode == 0 and "42 is it" in done.stdout, done
    assert "42 is it" in log.read_text()


def test_a_timeout_ends_it():
    done = subprocess.run([LAUNCH, "shell", "MODE=ssp-hm", "MEM=256M", "TIMEOUT=2"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 124, done
