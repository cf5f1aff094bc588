# SPDX-License-Identifier: BSD-2-Clause
# Bare `make` prints help.  Every command does its own set-up.

ifneq ($(words $(CURDIR)),1)
$(error hmode: make takes no folder with a blank in its name, as in "$(CURDIR)": rename it, or clone elsewhere)
endif

MAKEFLAGS	+= --no-print-directory
.DEFAULT_GOAL	:= help

cache		:= $(or $(HMODE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hmode)
PYTHON		?= /usr/bin/python3
CROSS_COMPILE	?= riscv64-linux-gnu-
OPENSBI_SRC	?= $(cache)/current/opensbi
export CROSS_COMPILE OPENSBI_SRC
unexport BUILD	# means different folders to different parts
# A file to make report, and a folder to the makefiles below, which are not told of it.
MAKEOVERRIDES	:= $(filter-out OUT=%,$(MAKEOVERRIDES))
unexport OUT

submake		:= $(MAKE) $(if $(V),,-s)

# Options reach the launcher through the environment; it refuses names that it does not know.
export HMODE_GIVEN := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),$v))
# These reach it to the letter: what make would take for a variable in them is the user's own text.
$(foreach v,ARGS CHECK,$(if $(filter $v,$(HMODE_GIVEN)),$(eval override export $v := $$(value $v))))

launch		:= qemu-platform/launch
initramfs	:= build/guest/initramfs.cpio

include qemu-platform/hspt.mk
include qemu-platform/linux.mk

help:		## this text
	@sed -n 's/^\([a-z_.-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 24
	@$(launch) help

# What a command needs before the launcher can say what is missing: it is installed with the other tools.
gdb		:= /usr/bin/gdb-multiarch
$(PYTHON) $(gdb):
	@qemu-platform/fetch tools

run		:= $(if $(MODE)$(TRACE),run,tour)
run: options all	## the tour: native, tsp, ssp, ssp-hm and hap, and the table; or MODE=... for one run
	@$(launch) $(run)

shell: options all	## an interactive shell in the guest
	@$(launch) shell

debian: options all	## a disk with Debian on it, for DISK= of make shell: DISK=debian.img SIZE=2G
	@$(launch) debian

debug: options all	## the same, stopped, waiting for gdb
	@$(launch) debug

gdb: $(PYTHON) $(gdb)	## gdb on it, with symbols of firmware and host-hv; GDBARGS="..."
	@$(launch) gdb

measure: options all	## MODES="..." WORKLOAD="...": the table for some of them; LADDER=1: for every policy
	@$(launch) measure

bench-events: options all payloads ## instructions per event
	@$(launch) bench-events

bench-devices: all ## instructions and exits of each disk request and each MiB sent, in each mode; MODES="..."
	@tests/devices/cost --json build/devices/bench.json $(if $(MODES),--modes "$(MODES)")

# The patched kernel is one of its guests; RUNS without it needs none.
report_linux	:= $(if $(RUNS),$(if $(findstring patched,$(RUNS)),linux),linux)
report: $(if $(A)$(B)$(filter A B,$(HMODE_GIVEN)),$(PYTHON),all payloads plugins $(report_linux)) ## everything measured, as one page; RUNS="..." WORKLOAD="..." JOBS=2 OUT=FILE; A=OLD.json B=NEW.json compares
	@OUT="$(OUT)" PYTHONSAFEPATH=1 PYTHONPATH=qemu-platform $(PYTHON) -m report

count-pt-writes: options all plugins ## stores of the guest to its live page tables, counted by a QEMU plugin
	@$(launch) count-pt-writes

# With the commands that they are for, which each refuse what they have no use for.
launched	:= run shell debug debian gdb measure bench-events count-pt-writes bench-hspt test-hspt
options: $(PYTHON)
	@$(strip $(launch) options $(patsubst run,$(run),$(filter $(launched),$(MAKECMDGOALS))))

# Two runs at a time; tests/conftest.py says which tests stay together.
pytest		:= $(PYTHON) -m pytest -q -n 2 --dist loadgroup

test: all payloads plugins qemu linux $(hspt_guest) fetch-cbmc ## everything that CI runs
	@$(pytest) --durations 25 tests

test-unit: fetch ## tests on the build machine
	@$(pytest) tests/unit

test-boot: all payloads plugins ## tests on QEMU
	@$(pytest) tests/boot

test-strict: all payloads qemu ## firmware, host-hv and Linux on harts whose TLB keeps all that it may
	@$(pytest) --dist load --long tests/strict

test-long: all payloads plugins qemu linux $(hspt_guest) fetch-cbmc fetch-browser ## tests that take hours, part by part; PART="...": some; what passed at this commit is left out
	@tests/long/parts $(PART)

test-long-list: ## the parts of the long tests
	@tests/long/parts --list

test-long-table: ## commit, part, result and seconds of what has been run; ALL=1: of every commit
	@tests/long/parts --table $(if $(ALL),all)

fuzz: fetch	## the engine and the firmware, for SECONDS=60 each; the firmware's lines that were reached
	@$(submake) -C tests/fuzz SECONDS=$(or $(SECONDS),60)

soak: all	## ten million flushes of the patched guest; FLUSHES=, MODE=
	@tests/soak/soak

prove: fetch fetch-cbmc ## models, exhaustively, and bounded proofs of the engine's text, by CBMC; HARNESS="..." for some
	@$(if $(HARNESS),:,$(submake) -C tests/models check)
	@tests/prove/prove $(HARNESS)

all: hmcode host-hv $(initramfs) $(guest_kernel) $(if $(TRACE),hmcode-trace) $(if $(TRACE)$(filter-out 0,$(WALKS)),plugins) ## build all of it

dist: hmcode host-hv ## an archive for who does not build: binaries, interface, patches, documents, notices
	@qemu-platform/dist

fetch:		## install and fetch what is missing
	@qemu-platform/fetch

fetch-cbmc:	## fetch what make prove needs more
	@qemu-platform/fetch cbmc

fetch-browser:	## install the browser that the long tests of make report's page need
	@qemu-platform/fetch browser

lint: fetch	## form of C, shell, Python and documentation
	@tests/lint/lint

format: fetch	## C in the form of .clang-format
	@tests/lint/format

drawings: fetch	## the drawings of docs/drawings from their sources
	@docs/drawings/draw

compile_commands.json: fetch ## what clangd needs for firmware, host-hv and unit tests
	@tests/lint/compile-commands $@

clean:		## remove what was built; the cache stays
	rm -rf build

hmcode host-hv: fetch
	@$(submake) -C $@

hmcode-trace: fetch ## hmcode with a trace of events, which TRACE= runs
	@$(submake) -C hmcode TRACED=1

workloads	:= build/workloads/hmwork build/workloads/first build/workloads/program build/workloads/hm-mark
$(workloads) &: fetch FORCE
	@$(submake) -C tests/workloads

$(initramfs): $(workloads) qemu-platform/initramfs
	@mkdir -p $(@D)
	@qemu-platform/initramfs $@ $(wordlist 1,2,$(workloads))

payloads: fetch	## small programs that run in place of a kernel, into build/payloads
	@$(submake) -C tests/payloads out=$(CURDIR)/build/payloads

plugins:	## QEMU plugins of qemu-platform/plugins
	@qemu-platform/qemu-build header
	@$(submake) -C qemu-platform/plugins out=$(CURDIR)/build/plugins header=$(cache)/current/qemu-plugin

FORCE:
.PHONY: report dist lint format drawings compile_commands.json help options run shell debian debug gdb measure bench-events bench-devices count-pt-writes plugins test test-unit test-boot test-strict test-long test-long-list test-long-table fuzz soak prove all payloads fetch fetch-cbmc fetch-browser clean hmcode hmcode-trace host-hv FORCE
