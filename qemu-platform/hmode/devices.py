# SPDX-License-Identifier: BSD-2-Clause
"""DISK, NET, SHARE and RNG: the machine's virtio devices, and the drivers that Debian's kernel has as modules."""

import errno
import itertools
import os
import subprocess

from hmode import debs, program, root as roots, tree
from hmode.kinds import readable
from hmode.messages import Failed, Refused, say

FOLDER = f"{program.FOLDER}/drivers"    # of the guest's root
FIRST = f"/{FOLDER}/first"              # loads them, and makes way for the guest's first process
OWN_FIRST = "/init"
QCOW2 = b"QFI\xfb"
BUSYBOX = "/bin/busybox"
TAG = "share"
PLACES = 8                              # of the machine for virtio devices

# What each needs of the kernel's modules, in the order of loading; qemu-platform/fetch unpacks them.
DRIVERS = {
    "disk": ("virtio_mmio", "virtio_blk", "crc16", "crc32c_generic", "libcrc32c", "mbcache", "jbd2", "ext4"),
    "net": ("virtio_mmio", "failover", "net_failover", "virtio_net"),
    "share": ("virtio_mmio", "netfs", "9pnet", "9pnet_virtio", "9p"),
    "rng": ("virtio_mmio", "virtio-rng"),
}
# QEMU's user network, which is the same for each guest.
NETWORK = f"""{BUSYBOX} ip link set lo up
{BUSYBOX} ip addr add 10.0.2.15/24 dev eth0
{BUSYBOX} ip link set eth0 up
{BUSYBOX} ip route add default via 10.0.2.2
echo nameserver 10.0.2.3 > /etc/resolv.conf
"""
# A system on the disk, by the words of the command line that initramfs-tools knows: root=, init=, and break for our shell.
SYSTEM = f"""set -f
mkdir -p /proc /dev /system
mount -t proc proc /proc
mount -t devtmpfs dev /dev
roots="/dev/vda /dev/vda1" init=/sbin/init
for word in $(cat /proc/cmdline); do
	case $word in
	root=?*) roots=${{word#root=}} ;;
	init=?*) init=${{word#init=}} ;;
	break) roots= ;;
	esac
done
for root in $roots; do
	[ -b "$root" ] && mount -t ext4 -o ro "$root" /system 2> /dev/null || continue
	file=$init links=0
	while [ -L "/system$file" ] && [ $links -lt 8 ]; do
		links=$((links + 1)) link=$({BUSYBOX} readlink "/system$file")
		case $link in
		/*) file=$link ;;
		*) file=${{file%/*}}/$link ;;
		esac
	done
	if [ -x "/system$file" ] && [ ! -d "/system$file" ]; then
		umount /proc
		[ -d /system/dev ] && mount --move /dev /system/dev || umount /dev
		exec {BUSYBOX} switch_root /system "$init" "$@"
	fi
	umount /system
done
[ -z "$roots" ] || echo "hmode: there is no ext4 with a $init on $roots"
umount /dev /proc
set +f
"""


def boots_disk(settings):
    """A disk with a system on it is booted where the guest has nothing else to do."""
    return bool(settings.disk) and not settings.measured


def wanted(settings):
    """The options that give the guest a device."""
    return [name for name in DRIVERS if getattr(settings, name)]


# ---- the machine ----

def escaped(text):
    """A comma in a value of QEMU's is written twice."""
    return text.replace(",", ",,")


def form(path):
    """By the name, which is the user's.  What is in the file may be the guest's, and a qcow2 names other files."""
    return "qcow2" if path.endswith(".qcow2") else "raw"


def must_be_what_it_is_called(path):
    with open(path, "rb") as file:
        is_qcow2 = file.read(len(QCOW2)) == QCOW2
    if is_qcow2 != (form(path) == "qcow2"):
        raise Refused(f"DISK={path} is {'' if is_qcow2 else 'no '}qcow2, and its name says otherwise",
                      "a qcow2 whose name ends in .qcow2, and a raw disk whose name does not; a raw disk that became a qcow2 "
                      "was written by its guest")


def disk(settings, guest):
    # With its folder: in a name alone QEMU takes what is before a colon for a protocol.
    path = settings.disks[guest]
    return ["-drive", f"if=none,id=disk{guest},format={form(path)},file={escaped(os.path.join(os.curdir, path))}",
            "-device", f"virtio-blk-device,drive=disk{guest}"]


def net(settings, guest):
    return ["-netdev", f"{settings.net},id=net{guest}", "-device", f"virtio-net-device,netdev=net{guest}"]


def share(settings, guest):
    """Run by root, QEMU would give files the owners and rights that the guest chooses, and devices and set-user-ID programs
    with them: so it keeps these in attributes beside the files."""
    model = "mapped-xattr,fmode=0644,dmode=0755" if os.geteuid() == 0 else "none"
    return ["-fsdev", f"local,id=share{guest},security_model={model},path={escaped(settings.share)}",
            "-device", f"virtio-9p-device,fsdev=share{guest},mount_tag={TAG}"]


def rng(_settings, guest):
    """QEMU's own generator, which repeats itself where instructions are counted (-seed); all wait while it makes a MiB."""
    return ["-object", f"rng-builtin,id=rng{guest}",
            "-device", f"virtio-rng-device,rng=rng{guest},max-bytes=1048576,period=1000"]


MAKERS = {"disk": disk, "net": net, "share": share, "rng": rng}


def words(settings):
    """For QEMU; each has its own place, which is its order in the guest as well.  host-hv deals them to the guests in turn."""
    found = []
    for place, (name, guest) in enumerate(itertools.product(wanted(settings), range(settings.guests))):
        *made, device = MAKERS[name](settings, guest)
        found += [*made, f"{device},bus=virtio-mmio-bus.{place}"]
    return ["-global", "virtio-mmio.force-legacy=false", *found] if found else []


def must_have(settings, qemu):
    """QEMU has 9p only where it was built with it."""
    if not settings.share:
        return
    done = subprocess.run([qemu.program, "-device", "virtio-9p-device,help"], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failed(f"SHARE needs a QEMU with 9p, which {qemu.program} lacks", "unset QEMU to use Debian's")


# ---- the guest ----

def keeps_attributes(folder):
    try:
        os.getxattr(folder, "user.virtfs.uid")
    except OSError as error:
        return error.errno == errno.ENODATA
    return True


def look(settings):
    """What can be said before anything is built."""
    if len(wanted(settings)) * settings.guests > PLACES:
        raise Refused(f"GUESTS={settings.guests} with {' '.join(name.upper() for name in wanted(settings))} need more than "
                      f"{PLACES} devices, which is what the machine has", "fewer guests, or fewer devices")
    for path in settings.disks:
        readable("DISK", path)
        must_be_what_it_is_called(path)
    if settings.share and not os.path.isdir(settings.share):
        raise Refused(f"SHARE={settings.share} is no folder", "a folder that the guest may read and write")
    if settings.share and os.geteuid() == 0 and not keeps_attributes(settings.share):
        raise Refused(f"SHARE={settings.share} keeps no extended attributes, in which a guest's owners and rights stay where root "
                      "runs it", "a folder on ext4, xfs or btrfs, or another user than root")


def loads_drivers(settings):
    """Of a root of the user's own the user knows how it loads them."""
    return bool(wanted(settings)) and not settings.is_given("KERNEL") and not settings.is_given("INITRD")


def modules():
    """The folder of the cached kernel's, fetched first where it is not there."""
    release = tree.CACHE / "current/kernel/release"
    place = tree.CACHE / "current/kernel-modules"
    if not place.is_dir() or (place / "release").read_text() != release.read_text():
        say("DRIVERS", f"of Debian's kernel {release.read_text().strip()}")
        debs.fetch("kernel-modules")
    return place / "modules"


def first(settings, names):
    """The text of the first process; the one whose place it takes gets its words."""
    load = "".join(f"{BUSYBOX} insmod /{FOLDER}/{name} || echo 'hmode: {name} is no driver of this kernel'\n"
                   for name in names)
    network = NETWORK if settings.net else ""
    system = SYSTEM if boots_disk(settings) else ""
    return f"#!{BUSYBOX} sh\n{load}{network}{system}exec {program.FIRST if settings.programs else OWN_FIRST} \"$@\"\n"


def with_drivers(settings, initrd):
    """The guest's root, an archive, with drivers over it."""
    if not loads_drivers(settings):
        return initrd
    needed = {driver for name in wanted(settings) for driver in DRIVERS[name]}
    found = {path.name: path for path in sorted(modules().glob("*.ko")) if path.stem.partition("-")[2] in needed}
    files = {f"{FOLDER}/{name}": path for name, path in found.items()}
    files[FIRST.strip("/")] = first(settings, found).encode()
    if settings.net:
        files["etc/resolv.conf"] = b""
    root = program.base_of(settings)[1] if settings.programs else roots.of_archive(initrd)
    return roots.laid_over(initrd, roots.archive(files, root))
