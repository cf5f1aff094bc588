# SPDX-License-Identifier: BSD-2-Clause
# A guest's root of Debian packages.  Sourced by fetch.
#
# The packages are those of the guests' suite for riscv64 with all that they depend on.  They are only unpacked: no
# script of a package runs.  Busybox stands in for what they lack of its programs.  An entry of the cache:
#
#	root/		the files, without documentation, manuals and translations
#	root.cpio	the same as an initramfs
#	packages	NAME=VERSION a line
#	programs	PACKAGE PATH a line: what they have in folders of programs
#	scripts		SCRIPT of PACKAGE a line: those that an installation would have run

# deb_packages PACKAGE...: with what they depend on, one NAME=VERSION a line.
deb_packages()
{
	apt-get -qq -s --no-install-recommends install "$@" 2> "$cache/debs.log" |
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p'
}

refuse_packages()
{
	_lost=$(sed -n 's/^E: Unable to locate package //p' "$cache/debs.log" | tr '\n' ' ')
	[ -z "$_lost" ] || refuse "DEBS: Debian $guest_suite has no package ${_lost% } for riscv64" \
		"what 'apt-cache search' finds, by the package's name"
	die "DEBS: $* cannot be installed together: $(grep -m1 '^E:' "$cache/debs.log")" \
		"what apt says of it is in $cache/debs.log"
}

# move_to_usr FOLDER: what a package has beside /usr belongs there.
move_to_usr()
{
	for _folder in bin sbin lib; do
		[ ! -L "$1/$_folder" ] || rm "$1/$_folder"
		[ -d "$1/$_folder" ] || continue
		mkdir -p "$1/usr/$_folder"
		cp -a --remove-destination "$1/$_folder/." "$1/usr/$_folder/"
		rm -rf "${1:?}/$_folder"
	done
}

# refuse_links FOLDER: a package's link in the place of one of our folders would lead what follows out of the root.
refuse_links()
{
	for _folder in usr usr/bin usr/sbin usr/lib usr/share; do
		[ ! -L "$1/$_folder" ] || die "$_package has a link in the place of the folder /$_folder" "DEBS without this package"
	done
}

# unpack_deb ARCHIVE: into $tmp.  In a folder of its own first: there no link of another package leads out of it, and
# cp follows none that stands where a file goes.
unpack_deb()
{
	_package=$(dpkg-deb --field "$1" Package)
	rm -rf "$tmp/one"
	unpack "$1" "$tmp/one"
	refuse_links "$tmp/one"
	move_to_usr "$tmp/one"
	cp -a --remove-destination "$tmp/one/." "$tmp/root/" || die "cannot unpack $1" "is the disk of $cache full?"
	dpkg-deb --fsys-tarfile "$1" | tar -t | sed -nE "s|^\.((/usr)?/(s?bin\|games)/[^/]+)\$|$_package \1|p" >> "$tmp/programs"
	rm -rf "$tmp/control"
	dpkg-deb --control "$1" "$tmp/control"
	for _script in preinst postinst; do
		[ ! -e "$tmp/control/$_script" ] || echo "$_script of $_package" >> "$tmp/scripts"
	done
	rm -rf "$tmp/control" "$tmp/one"
}

# All that a package of today has lies in /usr; the links beside it are a package's that nothing depends on.
make_folders()
{
	mkdir -p "$tmp/root/etc" "$tmp/root/root" "$tmp/root/tmp" "$tmp/root/dev" "$tmp/root/proc" "$tmp/root/sys"
	for _folder in bin sbin lib; do
		mkdir -p "$tmp/root/usr/$_folder"
		ln -s "usr/$_folder" "$tmp/root/$_folder"
	done
}

# has_program NAME: a link of a package means a place in the root.
has_program()
{
	for _folder in bin sbin; do
		_file=$tmp/root/usr/$_folder/$1
		[ ! -L "$_file" ] || case $(readlink "$_file") in
		/*) _file=$tmp/root$(readlink "$_file") ;;
		esac
		[ ! -e "$_file" ] || return 0
	done
	return 1
}

add_busybox()
{
	_busybox=$(current busybox)/usr/bin/busybox || die "busybox is not in the cache yet" "run: qemu-platform/fetch busybox"
	has_program busybox || {
		rm -f "$tmp/root/usr/bin/busybox"
		install -m 755 "$_busybox" "$tmp/root/usr/bin/busybox"
	}
	for _applet in $applets; do
		has_program "$_applet" || ln -sfn busybox "$tmp/root/usr/bin/$_applet"
	done
}

# unpack_debs NAME: "address file hash" lines.
unpack_debs()
{
	tmp=$cache/store/tmp.$$
	mkdir -p "$tmp/root"
	: > "$tmp/programs"
	: > "$tmp/scripts"
	make_folders
	while read -r address file hash; do
		download "$address" "$tmp/$file" "$hash"
		unpack_deb "$tmp/$file"
		rm "$tmp/$file"
	done
	rm -rf "$tmp/root/usr/share/doc" "$tmp/root/usr/share/man" "$tmp/root/usr/share/info" "$tmp/root/usr/share/locale"
	add_busybox
	chmod -R u+rwX "$tmp/root"
	pack_root "$tmp/root" > "$tmp/root.cpio"
}

# fetch_debs NAME PACKAGE...: current/NAME is their root.
fetch_debs()
{
	_name=$1
	shift
	need cpio cpio
	lock_cache
	[ ! -d "$cache/current/$_name" ] || return 0	# another fetch was as quick
	check_space
	guest_root
	# What the archive replaced since is no longer there.
	read_today guest || apt_update
	_packages=$(deb_packages "$@")
	[ -n "$_packages" ] || refuse_packages "$@"
	# shellcheck disable=SC2086 # a list
	_list=$(uris download $_packages)
	[ "$(printf '%s\n' "$_list" | wc -l)" = "$(printf '%s\n' "$_packages" | wc -l)" ] ||
		die "apt does not know where all of these are: $(echo "$_packages" | tr '\n' ' ')" "its index is in $root"
	_key=$(printf '%s\n' "$_list" | awk '{ print $3 }' | sort | sha256sum | cut -d' ' -f1)
	[ -d "$cache/store/$_key-$_name" ] || {
		printf '%s\n' "$_list" | unpack_debs
		printf '%s\n' "$_packages" > "$cache/store/tmp.$$/packages"
	}
	commit "$_key" "$_name"
}
