# SPDX-License-Identifier: BSD-2-Clause
# What the Makefiles of cmocka tests on the build machine have in common.  A Makefile
# sets `here`, its folder, and `programs`, includes this, and says of which objects each
# $(out)/program is linked, how they are compiled (CFLAGS), and what `check` is.  Those of
# $(facts) are what a mutant is shown first: quick, and without an argument.
#
# out= is where to build.

top	:= $(abspath $(here)/../../..)
out	?= $(top)/build/tests/$(notdir $(here))
Q	:= $(if $(V),,@)

CC	:= gcc
# Empty for mutants: a test has to catch them, and not the compiler.
WERROR	?= -Werror
LDLIBS	:= -lcmocka

objects	= $(patsubst %.c,$(out)/%.o,$1)
compile	= @mkdir -p $(out); echo "  CC  $(patsubst $(top)/%,%,$<)"
tests	:= $(addprefix $(out)/,$(programs))

.DEFAULT_GOAL := check

build: $(tests)

$(tests):
	@echo "  LD  $(patsubst $(top)/%,%,$@)"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

list-facts:
	@echo $(facts)

mutants:
	$(Q)$(here)/mutants

-include $(wildcard $(out)/*.d)

.PHONY: check build list-facts mutants
