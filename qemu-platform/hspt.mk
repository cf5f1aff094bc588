# SPDX-License-Identifier: BSD-2-Clause
# QEMU with direct guest memory accesses, its guest, its measurement.  Included
# by the Makefile, which has `fetch`.

hspt_guest	:= build/hspt/initramfs.cpio
hspt_sources	:= $(wildcard qemu-platform/bench/*.[ch])

qemu:		## build QEMU with the series of qemu-platform/patches into the cache
	@qemu-platform/qemu-build

check-qemu-patches: ## the series applies to Debian's QEMU and is clean; BUILD=1: each patch builds
	@qemu-platform/qemu-build check $(if $(BUILD),build)

bench-hspt: options qemu hmcode fetch $(hspt_guest) ## stock QEMU, the baseline, each organization: table and plot
	@qemu-platform/bench/bench

test-hspt: options all payloads plugins qemu $(hspt_guest) ## guests cannot tell direct accesses from softmmu
	@$(PYTHON) -m pytest -q tests/hspt

$(hspt_guest): $(hspt_sources) qemu-platform/bench/guest | fetch
	@qemu-platform/bench/guest $@

.PHONY: qemu check-qemu-patches bench-hspt test-hspt
