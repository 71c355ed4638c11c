# SPDX-License-Identifier: GPL-2.0-or-later
# The product and its installation. Tests: tests/tests.mk; packages:
# packaging/packaging.mk. `make help` lists what can be made.

TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
ifneq ($(CURDIR),$(TOP))
# Out of tree: `make -f SOURCE/Makefile` builds in the current folder.
.DEFAULT_GOAL := all
%:
	+@$(MAKE) --no-print-directory -C $(TOP) BUILD=$(CURDIR) $@
Makefile: ;
else

VERSION := $(shell cat VERSION)
BUILD ?= build
CRASH_INCLUDE ?= /usr/include/crash
PKG_CONFIG ?= pkg-config

# GNU's names of folders; each can be set.
PREFIX ?= /usr/local
prefix ?= $(PREFIX)
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
libdir ?= $(prefix)/lib
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
bashdir ?= $(datadir)/bash-completion/completions
zshdir ?= $(datadir)/zsh/site-functions
fishdir ?= $(datadir)/fish/vendor_completions.d
CRASH_EXTDIR ?= /usr/lib/crash/extensions
# What belongs to the makedumpfile filter; docs/kdump.md.
kdumpdir ?= $(prefix)/lib/amdiommu
HOOKDIR ?= /usr/share/initramfs-tools/hooks
unitdir ?= /usr/lib/systemd/system
DRACUTDIR ?= /usr/lib/dracut/modules.d
# A package builder strips itself.
KDUMP_STRIP ?= -s
INSTALL ?= install

CFLAGS ?= -O2 -g
# make V=1 shows the commands
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)')
# -Wstrict-aliasing=1 is the widest of its levels: a cast to void ** is one.
WARN := -Wall -Wextra -fstrict-aliasing -Wstrict-aliasing=1 $(if $(WERROR),-Werror)
# The user's -j, or one job for each processor.
NPROC := $(shell nproc 2>/dev/null || echo 1)
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(NPROC))

# $(call libs,PACKAGE,FLAGS): what pkg-config says, or FLAGS where it is missing.
libs = $(or $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null),$(2))
BPF_LIBS := $(call libs,libbpf,-lbpf)
DW_LIBS := $(call libs,libdw,-ldw)
ELF_LIBS := $(call libs,libelf,-lelf)
Z_LIBS := $(call libs,zlib,-lz)
LZO_LIBS := $(call libs,lzo2,-llzo2)
SNAPPY_LIBS := $(call libs,snappy,-lsnappy)
ZSTD_LIBS := $(call libs,libzstd,-lzstd)
# What a host brings itself (crash) needs only the core.
CORE_LIBS := $(BPF_LIBS) $(Z_LIBS)
FILE_LIBS := $(DW_LIBS) $(ELF_LIBS) $(Z_LIBS) $(LZO_LIBS) $(SNAPPY_LIBS) $(ZSTD_LIBS)
MDF_LIBS := $(ELF_LIBS) $(Z_LIBS) $(LZO_LIBS) $(ZSTD_LIBS)

ALL_CPPFLAGS := -Iinclude -D_GNU_SOURCE -DAMI_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS := -std=gnu11 $(WARN) -fPIC -fvisibility=hidden $(CFLAGS) $(SANITIZE)

# Programs take from it what they use: crash's extension no reader of files.
LIB := $(BUILD)/libamdiommu.a
LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/*/*.c lib/*/*/*.c))
TOOL_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tools/makedumpfile-amdiommu.c,$(wildcard tools/*.c)))

CRASH_DEFS := $(wildcard $(CRASH_INCLUDE)/defs.h)
CRASH_VERSION ?= $(shell crash --version 2>/dev/null | sed -n 's/^crash //p;/^crash/q')
# What the extension was built for; made anew when another crash is installed.
CRASH_STAMP := $(BUILD)/crash/built-for
CRASH_OBJ := $(patsubst %.c,$(BUILD)/crash/%.o,$(wildcard extensions/*.c))
# defs.h of crash is not ours to keep free of warnings.
CRASH_CFLAGS := -isystem $(CRASH_INCLUDE) -DX86_64 -DCRASH_BUILT_FOR='"$(CRASH_VERSION)"'

# makedumpfile with marks: wrapper for releases without extensions.
MDF := $(BUILD)/makedumpfile-plugin
MDF_SHARED := cmdline decide deliver guard marking session settings spare stream watch
MDF_UNPACK := $(MDF)/unpack.o
MDF_OBJ := $(patsubst %,$(MDF)/%.o,$(MDF_SHARED) candidates run wrap) $(MDF_UNPACK)
MDF_EXT_OBJ := $(patsubst %,$(MDF)/%.o,$(MDF_SHARED) extension readmem_dump) $(MDF_UNPACK)
MDF_CPPFLAGS := -Imakedumpfile-plugin

# Records registers at a crash; shares only the format with the library.
RECORD_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard recorder/*.c))

PRODUCT := $(BUILD)/amdiommu $(BUILD)/makedumpfile-amdiommu $(BUILD)/makedumpfile/amdiommu.so \
	   $(BUILD)/amdiommu-record \
	   $(if $(CRASH_DEFS),$(BUILD)/crash/amdiommu.so)

## all: the command, the makedumpfile filter, the crash extension
all: $(PRODUCT)
	@$(if $(CRASH_DEFS),:,echo "no $(CRASH_INCLUDE)/defs.h: the crash extension is not built (make deps)")

## demo: set up, build, report on the sample
demo: deps
	@$(MAKE) --no-print-directory $(PARALLEL) all
	$(BUILD)/amdiommu report $(SAMPLE)

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(call say,AR $@)
	$(Q)$(AR) rcs $@ $^

# Changed compilers or flags build anew; so does another version.
FLAGS_STAMP := $(BUILD)/flags
FLAGS_NOW := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) $(EXTRA)
$(FLAGS_STAMP): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(FLAGS_NOW)) | cmp -s - $@ || \
	    printf '%s\n' $(call quote,$(FLAGS_NOW)) >$@
quote = '$(subst ','\'',$(1))'

compile = $(Q)$(CC) $(ALL_CPPFLAGS) $(1) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
link = $(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(1) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(2)

$(BUILD)/%.o: %.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(call compile)

# What rooms show to each other; hosts have include/ only.
ROOM_CPPFLAGS := -Ilib/include
$(LIB_OBJ): ALL_CPPFLAGS += $(ROOM_CPPFLAGS)

# Copied by the assembler, so unknown to -MMD.
$(BUILD)/lib/report/html/assets.o: lib/report/html/style.css lib/report/html/script.js

$(BUILD)/amdiommu: $(TOOL_OBJ) $(LIB)
	$(call say,LD $@)
	$(call link,,$(FILE_LIBS) $(CORE_LIBS))

$(BUILD)/tools/makedumpfile-amdiommu.o $(MDF_OBJ) $(MDF_EXT_OBJ): ALL_CPPFLAGS += $(MDF_CPPFLAGS)
# For a capture kernel's initramfs, where each library costs memory.
$(MDF_UNPACK): lib/dump/unpack.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(call say,CC $< without snappy)
	$(call compile,$(ROOM_CPPFLAGS) -DWITHOUT_SNAPPY)

# It stays loaded until makedumpfile exits: only then the dump is complete.
$(BUILD)/makedumpfile/amdiommu.so: $(MDF_EXT_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,-shared -Wl$(comma)-z$(comma)nodelete -Wl$(comma)--as-needed,$(MDF_LIBS) $(CORE_LIBS))

$(BUILD)/makedumpfile-amdiommu: $(BUILD)/tools/makedumpfile-amdiommu.o $(MDF_OBJ) $(LIB)
	$(call say,LD $@)
	$(call link,-Wl$(comma)--as-needed,$(MDF_LIBS) $(CORE_LIBS))
comma := ,

$(BUILD)/amdiommu-record: $(RECORD_OBJ)
	$(call say,LD $@)
	$(call link,-Wl$(comma)--as-needed,$(BPF_LIBS))

$(CRASH_STAMP): FORCE
	$(if $(CRASH_VERSION),,$(error crash does not say its version: set CRASH_VERSION))
	@mkdir -p $(@D)
	@{ echo '$(CRASH_VERSION)'; cat $(CRASH_INCLUDE)/defs.h; } | cksum >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/crash/%.o: %.c $(CRASH_STAMP) $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(call compile,$(CRASH_CFLAGS))

$(BUILD)/crash/amdiommu.so: $(CRASH_OBJ) $(LIB)
	$(call say,LD $@)
	$(call link,-shared,$(CORE_LIBS) -ldl)

## docs: what is made from tables: docs/findings.md, the schema's codes, completions
docs:
	scripts/findings.py; made=$$?; scripts/commands.py && exit $$made

## deps: install what the build needs, by name (deps-test: what the tests need)
deps:
	@scripts/deps.sh build
deps-package:
	@scripts/deps.sh package
deps-test:
	@scripts/deps.sh test

MAN = install -d $(DESTDIR)$(mandir)/man$(1) && \
      sed 's/@VERSION@/$(VERSION)/' docs/man/$(2).$(1) >$(DESTDIR)$(mandir)/man$(1)/$(2).$(1)

## install: the command and the crash extension; DESTDIR, prefix, bindir, ...
install: all
	$(INSTALL) -D -m 755 $(BUILD)/amdiommu $(DESTDIR)$(bindir)/amdiommu
	$(if $(CRASH_DEFS),$(INSTALL) -D -m 644 $(BUILD)/crash/amdiommu.so \
	    $(DESTDIR)$(CRASH_EXTDIR)/amdiommu.so)
	$(call MAN,1,amdiommu)
	$(call MAN,5,amdiommu-marks)
	$(call MAN,8,amdiommu-crash)
	$(INSTALL) -D -m 644 completions/amdiommu.bash $(DESTDIR)$(bashdir)/amdiommu
	$(INSTALL) -D -m 644 completions/_amdiommu $(DESTDIR)$(zshdir)/_amdiommu
	$(INSTALL) -D -m 644 completions/amdiommu.fish $(DESTDIR)$(fishdir)/amdiommu.fish

## uninstall: what install wrote
uninstall:
	rm -f $(DESTDIR)$(bindir)/amdiommu $(DESTDIR)$(CRASH_EXTDIR)/amdiommu.so \
	    $(DESTDIR)$(mandir)/man1/amdiommu.1 $(DESTDIR)$(mandir)/man5/amdiommu-marks.5 \
	    $(DESTDIR)$(mandir)/man8/amdiommu-crash.8 \
	    $(DESTDIR)$(bashdir)/amdiommu $(DESTDIR)$(zshdir)/_amdiommu \
	    $(DESTDIR)$(fishdir)/amdiommu.fish

fill = sed -e 's,@SBINDIR@,$(sbindir),g' -e 's,@LIBDIR@,$(kdumpdir),g'

## install-kdump: the makedumpfile filter and its seams (docs/kdump.md)
install-kdump: $(BUILD)/makedumpfile-amdiommu $(BUILD)/makedumpfile/amdiommu.so
	$(INSTALL) -D $(KDUMP_STRIP) -m 755 $(BUILD)/makedumpfile-amdiommu $(DESTDIR)$(sbindir)/makedumpfile-amdiommu
	$(INSTALL) -D $(KDUMP_STRIP) -m 755 $(BUILD)/makedumpfile/amdiommu.so $(DESTDIR)$(kdumpdir)/makedumpfile.so
	$(call MAN,8,makedumpfile-amdiommu)
	$(INSTALL) -d $(DESTDIR)$(kdumpdir)/kdump $(DESTDIR)$(HOOKDIR) $(DESTDIR)$(DRACUTDIR)/99amdiommu
	ln -sfn $(sbindir)/makedumpfile-amdiommu $(DESTDIR)$(kdumpdir)/kdump/makedumpfile
	$(fill) kdump/initramfs-tools/amdiommu-kdump >$(DESTDIR)$(HOOKDIR)/amdiommu-kdump
	$(fill) kdump/dracut/module-setup.sh >$(DESTDIR)$(DRACUTDIR)/99amdiommu/module-setup.sh
	chmod 755 $(DESTDIR)$(HOOKDIR)/amdiommu-kdump $(DESTDIR)$(DRACUTDIR)/99amdiommu/module-setup.sh

## uninstall-kdump: what install-kdump wrote
uninstall-kdump:
	rm -rf $(DESTDIR)$(kdumpdir)/kdump $(DESTDIR)$(DRACUTDIR)/99amdiommu
	rm -f $(DESTDIR)$(sbindir)/makedumpfile-amdiommu $(DESTDIR)$(kdumpdir)/makedumpfile.so \
	    $(DESTDIR)$(HOOKDIR)/amdiommu-kdump \
	    $(DESTDIR)$(mandir)/man8/makedumpfile-amdiommu.8

## install-record: the recorder of registers, its unit not enabled (docs/recorder.md)
install-record: $(BUILD)/amdiommu-record
	$(INSTALL) -D -m 755 $(BUILD)/amdiommu-record $(DESTDIR)$(sbindir)/amdiommu-record
	$(call MAN,8,amdiommu-record)
	$(INSTALL) -d $(DESTDIR)$(unitdir)
	$(fill) recorder/amdiommu-record.service >$(DESTDIR)$(unitdir)/amdiommu-record.service
	chmod 644 $(DESTDIR)$(unitdir)/amdiommu-record.service

## uninstall-record: what install-record wrote
uninstall-record:
	rm -f $(DESTDIR)$(sbindir)/amdiommu-record $(DESTDIR)$(mandir)/man8/amdiommu-record.8 \
	    $(DESTDIR)$(unitdir)/amdiommu-record.service

## clean: remove the build folder
clean:
	rm -rf $(BUILD)

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST) | sed 's/^\([^:]*\): /  make \1\t/' | expand -t 24

include tests/tests.mk packaging/packaging.mk

-include $(shell find $(BUILD) -type f -name '*.d' -not -path '$(BUILD)/deb/*' -not -path '$(BUILD)/rpm/*' -not -path '$(SAN)/*' -not -path '$(FUZZ)/*' -not -path '$(COV)/*' 2>/dev/null)

FORCE:
.PHONY: FORCE all clean demo deps deps-package deps-test docs help install install-kdump install-record uninstall \
	uninstall-kdump uninstall-record
endif
