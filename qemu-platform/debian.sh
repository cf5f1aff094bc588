# SPDX-License-Identifier: BSD-2-Clause
# Debian for a guest's disk.  Sourced by fetch.
#
# mmdebstrap unpacks the packages of the guests' suite into an image of ext4, with the modules of the guests' kernel.  No
# program of theirs runs here: debian-second-stage configures them, in a guest that has the image as its disk.  An entry
# of the cache:
#
#	image		a disk of ext4, of $debian_size, mostly holes
#	packages	NAME_VERSION a line, and the kernel's release

debian_tools='fakeroot mmdebstrap'
debian_size=2G
debian_packages='apt ca-certificates dbus e2fsprogs iproute2 iputils-ping kmod less login nano netbase passwd procps
	systemd systemd-sysv udev'

# debian_root TAR: all that debian_packages need, unpacked, with the archives that the second stage configures.
debian_root()
{
	# shellcheck disable=SC2086 # a list
	fakeroot mmdebstrap --mode=root --variant=extract --architectures=riscv64 \
		--skip=essential/unlink,cleanup/apt/cache,cleanup/reproducible \
		--include='?essential' --include='?priority(required)' --include="$(echo $debian_packages | tr ' ' ,)" \
		"$guest_suite" "$1" "deb [arch=riscv64 signed-by=$keyring] $(mirror) $guest_suite main" > "$cache/debian.log" 2>&1 ||
		die "the packages of Debian $guest_suite cannot be unpacked: $(grep -m1 '^E:' "$cache/debian.log")" \
			"the whole of it is in $cache/debian.log"
}

# debian_modules RELEASE: the kernel's own, into $tmp/kernel.
debian_modules()
{
	mkdir "$tmp/kernel"
	guest_root
	uris download "linux-image-$1" 2>/dev/null | while read -r address file hash; do
		download "$address" "$tmp/$file" "$hash"
		unpack "$tmp/$file" "$tmp/kernel"
		rm "$tmp/$file"
	done
	[ -d "$tmp/kernel/usr/lib/modules/$1" ] || die "Debian $guest_suite has no modules of kernel $1 any more" \
		"remove $cache/current/kernel, and run the same command again"
}

# debian_image TAR IMAGE: what is in it belongs to root, whoever runs this.
debian_image()
{
	# shellcheck disable=SC2016 # the inner shell's
	fakeroot sh -ec '
		mkdir "$2/root"
		tar -C "$2/root" -xpf "$1"
		cp -a "$2/kernel/usr/lib/modules" "$2/root/usr/lib/"
		install -m 755 "$4" "$2/root/var/lib/dpkg/second-stage"
		truncate -s "$5" "$3"
		mke2fs -q -t ext4 -L debian -d "$2/root" "$3"
	' - "$1" "$tmp" "$2" "$here/debian-second-stage" "$debian_size" > "$cache/debian.log" 2>&1 ||
		die "an image cannot be made of the packages: $(tail -n 1 "$cache/debian.log")" "is the disk of $cache full?"
	rm -rf "$tmp/root" "$tmp/kernel"
}

# Is what is unpacked there, for the kernel of today?
has_debian()
{
	# shellcheck disable=SC2086 # a list
	[ -z "$(missing_of $debian_tools)" ] && [ -f "$cache/current/debian-unpacked/image" ] &&
		grep -qx "linux_$(cat "$cache/current/kernel/release")" "$cache/current/debian-unpacked/packages"
}

fetch_debian()
{
	# shellcheck disable=SC2086 # a list
	install_packages $debian_tools
	_release=$(cat "$cache/current/kernel/release") ||
		die "there is no kernel in the cache yet" "run: qemu-platform/fetch kernel"
	need_mirror
	tmp=$cache/store/tmp.$$
	mkdir -p "$tmp"
	say DEBIAN "packages of $guest_suite, about a minute"
	debian_root "$tmp/root.tar"
	(debian_modules "$_release") || exit $?
	{
		tar -tf "$tmp/root.tar" | sed -n 's|.*/\([^/]*\)_[^_]*\.deb$|\1|p' | LC_ALL=C sort
		echo "linux_$_release"
	} > "$tmp/packages"
	debian_image "$tmp/root.tar" "$tmp/image"
	rm "$tmp/root.tar"
	commit "$(sha256sum < "$tmp/packages" | cut -d' ' -f1)" debian-unpacked
}
