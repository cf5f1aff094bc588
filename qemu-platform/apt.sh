# SPDX-License-Identifier: BSD-2-Clause
# Private apt roots: other suites and architectures than the machine's own, from
# the same mirror that the machine uses, without touching its configuration.
# Sourced by fetch.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror: address of the machine's own Debian archive.
mirror()
{
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$(machine_suite)" '$1 == suite && $2 == "main" { print $3; exit }'
}

# On a machine that never read its indexes apt does not know its own sources.
need_mirror()
{
	[ -n "$(mirror)" ] || machine_apt update
	[ -n "$(mirror)" ] || die "the machine's apt has no source for main of '$(machine_suite)'" \
		"this needs Debian 12 or later, with its archive in apt's configuration"
}

machine_suite()
{
	. /etc/os-release
	printf '%s\n' "${VERSION_CODENAME:-}"
}

# machine_sources: what the machine's apt has of Debian, in the one-line form.
machine_sources()
{
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' |
		awk -v key="$keyring" '$1 == "Debian" {
			print "deb [signed-by=" key "] " $2, $3, $4 }' | sort -u
}

# apt_root NAME ARCHITECTURES STATUS SOURCES: use the root of that name, made or updated if need be.
apt_root()
{
	root=$cache/apt/$1
	mkdir -p "$root/lists/partial" "$root/archives/partial" "$root/empty"
	: > "$root/no-status"
	printf '%s\n' "$4" > "$root/sources.list.new"
	{
		# Proxies and the like stay the machine's; hooks of its apt do not run.
		apt-config dump | grep '^Acquire::[^I]'
		cat <<-EOF
		Dir::Etc::sourcelist "$root/sources.list";
		Dir::Etc::sourceparts "$root/empty";
		Dir::Etc::parts "$root/empty";
		Dir::Etc::main "$root/no-status";
		Dir::Etc::preferences "$root/no-status";
		Dir::Etc::preferencesparts "$root/empty";
		Dir::State::lists "$root/lists";
		Dir::State::status "${3:-$root/no-status}";
		Dir::State::extended_states "$root/no-status";
		Dir::Cache "$root";
		Dir::Cache::archives "$root/archives";
		APT::Architecture "${2%% *}";
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		Acquire::Languages "none";
		EOF
		for arch in $2; do
			echo "APT::Architectures { \"$arch\"; };"
		done
	} > "$root/apt.conf"
	export APT_CONFIG="$root/apt.conf"
	cmp -s "$root/sources.list.new" "$root/sources.list" && [ -e "$root/updated" ] && return
	apt_update
}

# apt_update: read the indexes of the present root anew.
apt_update()
{
	say APT "indexes of ${root##*/}"
	[ ! -e "$root/sources.list.new" ] || mv "$root/sources.list.new" "$root/sources.list"
	rm -f "$root/updated"
	# On a full disk apt waits for ever.
	timeout 600 apt-get -q update > "$root/update.log" 2>&1 ||
		die "the package indexes cannot be read: $(grep -m1 '^[EW]:' "$root/update.log" || df -Ph "$root")" \
			"check the network and the machine's apt configuration ('apt-get update' must work)"
	: > "$root/updated"
}

# The machine's suite and its backports, seen from what is installed: for programs to run here.
host_root()
{
	need_mirror
	suite=$(machine_suite)
	apt_root host "$(dpkg --print-architecture)" /var/lib/dpkg/status "$(
		machine_sources
		[ "$suite" != bookworm ] ||
			echo "deb [signed-by=$keyring] $(mirror) $suite-backports main"
	)"
}

# newest_root SUITE: one whose indexes were read today, for kernels newer than the guests' suite has.
newest_root()
{
	need_mirror
	apt_root "guest-$1" riscv64 '' "deb [arch=riscv64 signed-by=$keyring] $(mirror) $1 main"
	read_today "guest-$1" || apt_update
}

# read_today ROOT: were its indexes?
read_today()
{
	[ -n "$(find "$cache/apt/$1/updated" -mtime -1 2>/dev/null)" ]
}

# The suite that guests and sources come from; nothing counts as installed.
guest_root()
{
	need_mirror
	apt_root guest riscv64 '' "$(
		echo "deb [arch=riscv64 signed-by=$keyring] $(mirror) $guest_suite main"
		echo "deb-src [signed-by=$keyring] $(mirror) $guest_suite main"
	)"
}

# The guests' suite for this machine: programs that the machine's own suite lacks.  Nothing counts as installed, since
# they come with the libraries of that suite.
tools_root()
{
	need_mirror
	arch=$(dpkg --print-architecture)
	apt_root tools "$arch" '' "deb [arch=$arch signed-by=$keyring] $(mirror) $guest_suite main"
}

# uris APT-GET-ARGUMENTS: "address file hash" of what apt-get would fetch, without fetching it.
uris()
{
	apt-get -qq --print-uris "$@" | sed -n "s/^'\([^']*\)' \([^ ]*\) [0-9]* SHA256:\([0-9a-f]*\)\$/\1 \2 \3/p"
}

# download ADDRESS FILE HASH: verified by apt against the hash from its signed index.
download()
{
	say FETCH "${2##*/}"
	/usr/lib/apt/apt-helper download-file "$1" "$2" "SHA256:$3" > "$cache/download.log" 2>&1 ||
		die "cannot fetch $1: $(grep -m1 '^E:' "$cache/download.log")" \
			"check the network and the free space of $cache, then run the same command again"
}
