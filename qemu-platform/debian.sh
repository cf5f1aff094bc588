# SPDX-License-Identifier: BSD-2-Clause
# Debian for a guest's disk.  Sourced by fetch.
#
# mmdebstrap unpacks the packages of the guests' suite into an image of ext4, with the modules of the guests' kernel.  No
# program of theirs runs here: debian-second-stage configures them, in a guest that has the image as its disk.  An entry
# of the cache:
#
#	image		a disk of ext4, of $debian_size, mostly holes
#	packages	their names, one a line
#	made-of		the kernel's release, and a hash of what says how it is made (hmode/debian.py compares it)

debian_tools='fakeroot mmdebstrap'
debian_size=2G
debian_packages='apt ca-certificates dbus e2fsprogs iproute2 iputils-ping kmod less login nano netbase passwd procps
	systemd systemd-sysv udev'

# debian_modules RELEASE: the kernel's own, into $tmp/kernel.
debian_modules()
{
	mkdir "$tmp/kernel"
	guest_root
	uris download "linux-image-$1" 2>/dev/null | while read -r address file hash; do
		download "$address" "$tmp/$file" "$hash"
		unpack "$tmp/$file" "$tmp/kernel"
		rm "$tmp/$file"
	done || exit 1
	[ -d "$tmp/kernel/usr/lib/modules/$1" ] || die "Debian $guest_suite has no modules of kernel $1 any more" \
		"remove $cache/current/kernel, and run the same command again"
}

# debian_image SOURCE: what is in it belongs to root, whoever runs this.  In a folder, since mmdebstrap hangs up on all of
# its callers where it cannot write an archive.  A group of its own ends as one (fetch).
debian_image()
{
	# shellcheck disable=SC2016,SC2046,SC2086 # the inner shell's; a list
	setsid --wait fakeroot sh -ec '
		tmp=$1 second_stage=$2 size=$3 sources=$4 suite=$5
		shift 5
		mmdebstrap --mode=root --variant=extract --format=directory --architectures=riscv64 \
			--skip=essential/unlink,cleanup/apt/cache,cleanup/reproducible \
			--include="?essential" --include="?priority(required)" "$@" "$suite" "$tmp/root" "$sources" > "$tmp/mmdebstrap.log" 2>&1
		mv "$tmp/kernel/usr/lib/modules" "$tmp/root/usr/lib/"
		chown -R 0:0 "$tmp/root/usr/lib/modules"
		install -m 755 "$second_stage" "$tmp/root/var/lib/dpkg/second-stage"
		truncate -s "$size" "$tmp/image"
		/usr/sbin/mke2fs -q -t ext4 -L debian -d "$tmp/root" "$tmp/image"
	' - "$tmp" "$here/debian-second-stage" "$debian_size" "$1" "$guest_suite" $(printf -- '--include=%s ' $debian_packages) > "$cache/debian.log" 2>&1 || {
		cat "$tmp/mmdebstrap.log" >> "$cache/debian.log"
		die "Debian $guest_suite cannot be unpacked into an image: $(grep -m1 '^E:' "$cache/debian.log" || tail -n 1 "$cache/debian.log")" \
			"the whole of it is in $cache/debian.log; is the disk full of $cache or of ${TMPDIR:-/tmp}?"
	}
}

# debian_made_of: what an image depends on, but for the packages of the day.
debian_made_of()
{
	echo "$(cat "$cache/current/kernel/release") $(cat "$here/debian.sh" "$here/debian-second-stage" | sha256sum | cut -d' ' -f1)"
}

# Is what is unpacked there, and of today's kernel?
has_debian()
{
	# shellcheck disable=SC2086 # a list
	[ -z "$(missing_of $debian_tools)" ] && [ -f "$cache/current/debian-unpacked/image" ] &&
		[ "$(cat "$cache/current/debian-unpacked/made-of")" = "$(debian_made_of)" ]
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
	debian_made_of > "$tmp/made-of"
	(debian_modules "$_release") || exit $?
	say DEBIAN "packages of $guest_suite, about a minute"
	debian_image "deb [arch=riscv64 signed-by=$keyring] $(mirror) $guest_suite main"
	find "$tmp/root/var/cache/apt/archives" -name '*.deb' | sed 's|.*/||; s/_[^_]*$//' | LC_ALL=C sort > "$tmp/packages"
	rm -rf "$tmp/root" "$tmp/kernel" "$tmp/mmdebstrap.log"
	commit "$(cat "$tmp/packages" "$tmp/made-of" | sha256sum | cut -d' ' -f1)" debian-unpacked
}
