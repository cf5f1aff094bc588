# SPDX-License-Identifier: BSD-2-Clause
"""Linux's own suspend to RAM by SBI SUSP: an enabled interrupt ends it, in guests as natively."""

import re

import pexpect
import pytest

from launcher import LAUNCH

PROMPT = "~ # "
ASLEEP = 1		# second or more, in which nothing may end it


@pytest.fixture
def shell(request):
    mode, vcpus = request.param
    words = [f"MODE={mode}", "MEM=256M", f"VCPUS={vcpus}", f"HARTS={vcpus}", "APPEND=no_console_suspend"]
    shell = pexpect.spawn(str(LAUNCH), ["shell", *words], timeout=120, encoding="utf-8")
    shell.expect_exact(PROMPT)
    yield shell
    shell.close(force=True)


def ask(shell, command):
    """What the command prints."""
    shell.send(f"{command}; echo do''ne\r")
    shell.expect(r"do''ne\s+")
    shell.expect(r"(?s)(.*?)done\s")
    answer = shell.match[1]
    shell.expect_exact(PROMPT)
    return answer


@pytest.mark.parametrize("shell", [("native", 2), ("tsp", 1), ("ssp", 1), ("ssp-hm", 2)], indirect=True,
                         ids=lambda param: f"{param[0]}-{param[1]}")
def test_a_key_ends_a_suspend_to_ram(shell):
    """Only a key that comes once its interrupt is armed: one that is early makes the kernel give up, and it sleeps anew."""
    assert "[deep]" in ask(shell, "cat /sys/power/mem_sleep")
    ask(shell, "echo enabled > /sys/class/tty/ttyS0/power/wakeup")
    shell.send("until echo mem > /sys/power/state; do :; done; echo wo''ke\r")
    while shell.expect([r"Disabling non-boot CPUs", r"woke\s"]) == 0:
        assert shell.expect(["PM: suspend exit", pexpect.TIMEOUT], timeout=ASLEEP) == 1, "nobody woke it"
        shell.send(" ")
    shell.expect_exact(PROMPT)
    assert int(ask(shell, "cat /sys/power/suspend_stats/success")) == 1
    woken_by = int(ask(shell, "cat /sys/power/pm_wakeup_irq"))
    assert re.search(rf"^\s*{woken_by}:.*ttyS0", ask(shell, "cat /proc/interrupts"), re.M)
