# SPDX-License-Identifier: BSD-2-Clause
"""`make gdb`: who is at the port, and how gdb is started."""

import shutil

import pytest

from hmode import gdb, tree
from hmode.messages import Failed

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def table(folder, *sockets):
    path = folder / "tcp"
    path.write_text(HEAD + "".join(f"   {n}: {local} {remote} {state} 00000000:00000000 00:00000000 00000000     0  0 1\n"
                                   for n, (local, remote, state) in enumerate(sockets)))
    return [str(path), str(folder / "tcp6")]        # the second is not there: a kernel without IPv6


def test_a_machine_that_waits_is_found(tmp_path):
    found = gdb.states(1234, table(tmp_path, ("0100007F:0016", "00000000:0000", "0A"), ("00000000:04D2", "00000000:0000", "0A")))
    assert found == {gdb.LISTEN}
    gdb.must_listen(found)


def test_a_machine_that_has_its_gdb_is_found(tmp_path):
    found = gdb.states(1234, table(tmp_path, ("00000000:04D2", "00000000:0000", "0A"), ("0100007F:04D2", "0100007F:9C40", "01")))
    with pytest.raises(Failed, match="another gdb"):
        gdb.must_listen(found)


def test_another_machine_at_the_port_is_found():
    gdb.must_be_free(set())
    with pytest.raises(Failed, match="another machine"):
        gdb.must_be_free({gdb.LISTEN})


@pytest.mark.parametrize("sockets", [[], [("00000000:04D3", "00000000:0000", "0A")], [("0100007F:9C40", "0100007F:04D2", "01")]])
def test_where_nobody_waits_it_says_what_to_do(tmp_path, sockets):
    with pytest.raises(Failed) as caught:
        gdb.must_listen(gdb.states(1234, table(tmp_path, *sockets)))
    assert "no machine waits" in str(caught.value) and "make debug" in caught.value.remedy


def test_the_commands_of_this_tree_come_first(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert gdb.command(["-batch"]) == ["gdb-multiarch", "-q", "-x", f"{tree.TOP}/hmcode/gdb/hm.py", "-ex",
                                       "target remote :1234", "-batch"]


def test_a_missing_gdb_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Failed) as caught:
        gdb.command([])
    assert "make fetch" in caught.value.remedy


def test_words_for_gdb_that_do_not_end_are_refused(monkeypatch):
    monkeypatch.setenv("GDBARGS", "-ex 'hm-vcpu")
    with pytest.raises(Failed, match="GDBARGS"):
        gdb.attach({})
