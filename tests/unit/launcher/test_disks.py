# SPDX-License-Identifier: BSD-2-Clause
"""A guest's disk, of which its name says what it is, as the guest writes what is in it; and its shared folder."""

import errno
import os

import pytest

from hmode import devices
from hmode.messages import Refused
from hmode.settings import Settings


@pytest.fixture
def disk(tmp_path):
    def made(name, content):
        path = tmp_path / name
        path.write_bytes(content + bytes(512))
        return Settings({"MODE": "ssp-hm", "DISK": str(path)})

    return made


@pytest.mark.parametrize("name, content, form", [("disk.img", b"", "raw"), ("disk.qcow2", devices.QCOW2, "qcow2"), ("a:b,c", b"", "raw")])
def test_a_disk_is_what_its_name_says(disk, name, content, form):
    settings = disk(name, content)
    devices.look(settings)
    told = devices.disk(settings, 0)[1]
    assert f"format={form}," in told and told.endswith(name.replace(",", ",,"))


@pytest.mark.parametrize("name, content", [("disk.img", devices.QCOW2), ("disk.qcow2", b"")])
def test_a_disk_that_became_something_else_is_refused(disk, name, content):
    """A guest that writes a qcow2's header to its raw disk would have QEMU open the files that it names."""
    with pytest.raises(Refused, match="its name says otherwise"):
        devices.look(disk(name, content))


def test_a_name_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbd:x").write_bytes(bytes(512))
    assert devices.disk(Settings({"DISK": "nbd:x"}), 0)[1].endswith("file=./nbd:x")


@pytest.mark.parametrize("user, model", [(0, "mapped-xattr"), (1000, "none")])
def test_a_guest_makes_no_program_of_roots(tmp_path, monkeypatch, user, model):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    settings = Settings({"MODE": "ssp", "SHARE": str(tmp_path)})
    devices.look(settings)
    assert f"security_model={model}," in devices.share(settings, 0)[1]


def test_a_folder_without_attributes_is_refused_to_root(tmp_path, monkeypatch):
    def without(*_):
        raise OSError(errno.EOPNOTSUPP, "")

    monkeypatch.setattr(os, "getxattr", without)
    settings = Settings({"MODE": "ssp", "SHARE": str(tmp_path)})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Refused, match="keeps no extended attributes"):
        devices.look(settings)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    devices.look(settings)


def of_guests(**given):
    return Settings({"MODE": "ssp-hm", "WORKLOAD": "none", **given}, interactive=True)


def test_each_guest_has_devices_of_its_own(tmp_path, monkeypatch):
    """Dealt in turn, as host-hv deals them: a kind's first is the first guest's."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        (tmp_path / name).write_bytes(bytes(512))
    settings = of_guests(GUESTS="2", DISK="a,b", NET="user")
    devices.look(settings)
    words = devices.words(settings)
    assert [word for word in words if "bus=" in word] == [
        "virtio-blk-device,drive=disk0,bus=virtio-mmio-bus.0", "virtio-blk-device,drive=disk1,bus=virtio-mmio-bus.1",
        "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.2", "virtio-net-device,netdev=net1,bus=virtio-mmio-bus.3"]
    assert [word.rpartition("/")[2] for word in words if word.startswith("if=none")] == ["a", "b"]


@pytest.mark.parametrize("given, why", [
    ({"DISK": "a"}, "DISK=a names 1, and there are GUESTS=2"),
    ({"DISK": "a,b,c"}, "DISK=a,b,c names 3, and there are GUESTS=2"),
    ({"MARKS": "1"}, "MARKS=1 is for one guest"),
    ({"MODE": "native"}, "GUESTS=2 does not go with MODE=native"),
    ({"GUESTS": "5"}, "GUESTS=5 is no number from 1 to 4"),
    ({"GUESTS": "4", "NET": "user", "RNG": "1", "SHARE": "/"}, "need more than 8 devices"),
])
def test_what_guests_cannot_share_is_refused(monkeypatch, given, why):
    monkeypatch.setattr(devices, "keeps_attributes", lambda folder: True)
    with pytest.raises(Refused, match=why):
        devices.look(of_guests(**{"GUESTS": "2", **given}))
