# SPDX-License-Identifier: BSD-2-Clause
# The patched guest's kernel.  Included by the Makefile, which has `fetch`.

linux: fetch	## build the kernel with the series of guest-linux-patches into the cache
	@qemu-platform/linux-build

check-patches: fetch ## the series applies, is clean, builds patch by patch and comes back the same
	@qemu-platform/linux-build check build

fetch-sid:	## fetch the newest kernel of Debian's archive, for GUEST=debian-sid
	@qemu-platform/fetch kernel-sid

# What a run with this guest needs.
guest_kernel	:= $(if $(filter patched%,$(GUEST)),linux) $(if $(filter debian-sid,$(GUEST)),fetch-sid)

.PHONY: linux check-patches fetch-sid
