# SPDX-License-Identifier: GPL-2.0-or-later
# make            the command and the crash extension
# make demo       set up, build, report on the sample
# make check      set up, build, run all tests (short QEMU lab run included)
# make campaign   reports on CAMPAIGN_COUNT damaged dumps
# make fuzz       each fuzz target for FUZZ_SECONDS=60
# make lab        more kernels in QEMU
# make lab-matrix  every kernel and mode in one table, half an hour and more
# make lab-evidence  each class of device: what evidence told of its writes
# make check-kdump   the filter in stock crash and in kdump-tools (root)
# make crash-suites  the extension in the crash of each Debian suite
# make drive      the decoders on 100 million inputs
# make lint       static analysis: clang-tidy, cppcheck, gcc -fanalyzer
# make coverage   lines of lib/ that the tests run
# make bench      time and memory, paired with crash (BENCH=--drgn: and with drgn)
# make bench-scale  the same on machines of 4 TiB
# make bench-evidence  what drivers' evidence adds to a report, paired
# make bench-filter  time and memory of the makedumpfile wrapper, paired
# make install-kdump  the makedumpfile filter and its seams (docs/kdump.md)
# make deb        Debian packages in build/deb; make check-deb tries them out
# make docs       what is made from tables: docs/findings.md, the schema's codes
# make install    DESTDIR= PREFIX=/usr/local CRASH_EXTDIR=/usr/lib/crash/extensions

VERSION := 0.1
PREFIX ?= /usr/local
CRASH_EXTDIR ?= /usr/lib/crash/extensions
BUILD ?= build
CRASH_INCLUDE ?= /usr/include/crash

CFLAGS ?= -O2 -g
# make V=1 shows the commands
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)')
WARN := -Wall -Wextra $(if $(WERROR),-Werror)
ALL_CPPFLAGS := -Iinclude -D_GNU_SOURCE -DAMI_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS := -std=gnu11 $(WARN) -fPIC -fvisibility=hidden $(CFLAGS) $(SANITIZE)

# What a host brings itself (crash, makedumpfile) needs only the core.
CORE_SRC := $(wildcard lib/common/*.c lib/amdvi/*.c lib/state/*.c \
	      lib/owner/*.c lib/evidence/*.c lib/marks/*.c \
	      lib/exposure/*.c lib/report/*.c lib/report/html/*.c) \
	    lib/dump/dump.c lib/dump/record.c lib/dump/vmcoreinfo.c \
	    lib/dump/elfhdr.c lib/dump/headers.c lib/dump/kdumphdr.c lib/dump/fileio.c \
	    lib/dump/ramlist.c lib/dump/kdumpindex.c \
	    lib/kernel/btf.c lib/kernel/devices.c lib/kernel/identity.c \
	    lib/kernel/kernel.c lib/kernel/list.c lib/kernel/memory.c lib/kernel/modules.c \
	    lib/kernel/page.c lib/kernel/pagetable.c lib/kernel/printk.c \
	    lib/kernel/wants.c lib/kernel/xarray.c
# Files, BTF and DWARF: the stand-alone command.
FILE_SRC := $(filter-out $(CORE_SRC),$(wildcard lib/dump/*.c lib/kernel/*.c))

CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
FILE_OBJ := $(FILE_SRC:%.c=$(BUILD)/%.o)
TOOL_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tools/makedumpfile-amdiommu.c,$(wildcard tools/*.c)))
CORE_LIBS := -lbpf -lz
FILE_LIBS := -ldw -lelf -lz -llzo2 -lsnappy -lzstd

CRASH_DEFS := $(wildcard $(CRASH_INCLUDE)/defs.h)
CRASH_VERSION ?= $(shell crash --version 2>/dev/null | sed -n 's/^crash //p;/^crash/q')
# What the extension was built for; made anew when another crash is installed.
CRASH_STAMP := $(BUILD)/crash/built-for
CRASH_OBJ := $(patsubst %.c,$(BUILD)/crash/%.o,$(wildcard extensions/*.c))
# defs.h of crash is not ours to keep free of warnings.
CRASH_CFLAGS := -Ilib/dump -isystem $(CRASH_INCLUDE) -DX86_64 -DCRASH_BUILT_FOR='"$(CRASH_VERSION)"'

# makedumpfile with marks: wrapper for releases without extensions.
MDF_SHARED := cmdline decide deliver guard marking session spare stream watch
MDF_UNPACK := $(BUILD)/makedumpfile-plugin/unpack.o
MDF_OBJ := $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,$(MDF_SHARED) run wrap) $(MDF_UNPACK)
MDF_EXT_OBJ := $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,$(MDF_SHARED) extension readmem_dump) \
	       $(MDF_UNPACK)
MDF_CPPFLAGS := -Imakedumpfile-plugin -Ilib/dump -Ilib/marks
MDF_LIBS := -lelf -lz -llzo2 -lzstd

all: $(BUILD)/amdiommu $(BUILD)/makedumpfile-amdiommu $(BUILD)/makedumpfile/amdiommu.so $(if $(CRASH_DEFS),$(BUILD)/crash/amdiommu.so)
	@$(if $(CRASH_DEFS),:,echo "no $(CRASH_INCLUDE)/defs.h: the crash extension is not built (make deps)")

$(BUILD)/libamdiommu-core.a: $(CORE_OBJ)
$(BUILD)/libamdiommu-file.a: $(FILE_OBJ)
$(BUILD)/%.a:
	@rm -f $@
	$(call say,AR $@)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Copied by the assembler, so unknown to -MMD.
$(BUILD)/lib/report/html/assets.o: lib/report/html/style.css lib/report/html/script.js

$(BUILD)/amdiommu: $(TOOL_OBJ) $(BUILD)/libamdiommu-file.a \
		   $(BUILD)/libamdiommu-core.a
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(FILE_LIBS) $(CORE_LIBS)

$(BUILD)/tools/makedumpfile-amdiommu.o $(MDF_OBJ) $(MDF_EXT_OBJ): ALL_CPPFLAGS += $(MDF_CPPFLAGS)
# For a capture kernel's initramfs, where each library costs memory.
$(MDF_UNPACK): lib/dump/unpack.c
	@mkdir -p $(@D)
	$(call say,CC $< without snappy)
	$(Q)$(CC) $(ALL_CPPFLAGS) -DWITHOUT_SNAPPY $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# It stays loaded until makedumpfile exits: only then the dump is complete.
$(BUILD)/makedumpfile/amdiommu.so: $(MDF_EXT_OBJ) $(BUILD)/libamdiommu-file.a \
		$(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -Wl,-z,nodelete -Wl,--as-needed -o $@ $^ \
	    $(MDF_LIBS) $(CORE_LIBS)

$(BUILD)/makedumpfile-amdiommu: $(BUILD)/tools/makedumpfile-amdiommu.o $(MDF_OBJ) \
		$(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Wl,--as-needed -o $@ $^ $(MDF_LIBS) $(CORE_LIBS)

$(CRASH_STAMP): FORCE
	$(if $(CRASH_VERSION),,$(error crash does not say its version: set CRASH_VERSION))
	@mkdir -p $(@D)
	@{ echo '$(CRASH_VERSION)'; cat $(CRASH_INCLUDE)/defs.h; } | cksum >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/crash/%.o: %.c $(CRASH_STAMP)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(CRASH_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/crash/amdiommu.so: $(CRASH_OBJ) $(BUILD)/libamdiommu-core.a
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -o $@ $^ $(CORE_LIBS) -ldl

# --- tests -----------------------------------------------------------------

# Sanitizers see all of the library, in a build of its own.
SAN := $(BUILD)/san
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -O1
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_HELP := drivers image machine render shapes symbols vmcore
GOLDEN := $(patsubst tests/golden/%.c,%,$(wildcard tests/golden/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# libkdumpfile reads what we write: an independent reader.
TEST_LIBS := $(FILE_LIBS) $(CORE_LIBS) -lkdumpfile -lcmocka
TEST_INC := -Itests/unit $(MDF_CPPFLAGS) -Itests/golden -Ilib/dump -Ilib/kernel -Ilib/state -Ilib/owner -Ilib/evidence -Ilib/exposure -Ilib/marks -Itests/campaign

# What makedumpfile-amdiommu and the extension are tested with: faults from
# outside, a host that loads extensions as makedumpfile does, other extensions.
MDF_TEST := $(BUILD)/tests/mdf
MDF_TESTS := $(MDF_TEST)/fault.so $(MDF_TEST)/mdfhost $(MDF_TEST)/good.so \
	     $(MDF_TEST)/needy.so $(MDF_TEST)/bare.so

$(MDF_TEST)/fault.so: tests/golden/fault.c
$(MDF_TEST)/good.so $(MDF_TEST)/needy.so $(MDF_TEST)/bare.so: tests/mdfhost/others.c
$(MDF_TEST)/good.so: EXTRA := -DGOOD -Wl,-T,tests/mdfhost/tables.ld
$(MDF_TEST)/needy.so: EXTRA := -DNEEDY -Wl,-T,tests/mdfhost/tables.ld
$(MDF_TEST)/bare.so: EXTRA := -DBARE
$(MDF_TEST)/%.so:
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -fPIC -O1 -shared -o $@ $< $(EXTRA) -ldl

$(MDF_TEST)/mdfhost: tests/mdfhost/host.c $(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CPPFLAGS) -Ilib/dump -std=gnu11 $(WARN) $(CFLAGS) -rdynamic -o $@ $^ \
	    $(FILE_LIBS) $(CORE_LIBS) -ldl

$(BUILD)/tests/%.o: ALL_CPPFLAGS += $(TEST_INC)

# A machine larger than any at hand, for benchmarks.
$(BUILD)/scale/huge: $(BUILD)/tests/scale/huge.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(TEST_LIBS)

# The same with thousands of full queues.
$(BUILD)/scale/queues: $(BUILD)/tests/scale/queues.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(TEST_LIBS)

$(BUILD)/bench/evidence: $(BUILD)/tests/bench/evidence.o \
		$(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Wl,--wrap=ami_evidence_find -o $@ $^ $(FILE_LIBS) $(CORE_LIBS)

$(BUILD)/bench/walk $(BUILD)/bench/packed: $(BUILD)/bench/%: $(BUILD)/tests/bench/%.o \
		$(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(FILE_LIBS) $(CORE_LIBS)

ifdef IN_SAN
$(BUILD)/unit/test_filter: $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,cmdline decide guard spare stream watch)
$(BUILD)/unit/test_carrier: $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,decide deliver guard marking spare stream watch)
$(UNIT:%=$(BUILD)/unit/%): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(BUILD)/libamdiommu-file.a \
		$(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(TEST_LIBS)

$(GOLDEN:%=$(BUILD)/golden/%): $(BUILD)/golden/%: $(BUILD)/tests/golden/%.o \
		$(BUILD)/tests/golden/overlay.o $(BUILD)/libamdiommu-file.a \
		$(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(TEST_LIBS)

$(BUILD)/fuzz/stream: $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,stream)
# Each target with all helpers; clang's library has main().
$(FUZZ_TARGETS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(BUILD)/tests/fuzz/hostile.o $(BUILD)/tests/golden/overlay.o \
		$(BUILD)/tests/golden/jsonlint.o $(BUILD)/libamdiommu-file.a \
		$(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(FILE_LIBS) $(CORE_LIBS)

$(BUILD)/fuzz/seeds: $(BUILD)/tests/fuzz/seeds.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(TEST_LIBS)

$(BUILD)/fuzz/drive: $(BUILD)/tests/fuzz/drive.o $(BUILD)/tests/fuzz/fuzz_decode.o \
		$(BUILD)/tests/fuzz/hostile.o $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(CORE_LIBS)

fuzz-targets: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%) $(BUILD)/fuzz/seeds
.PHONY: fuzz-targets

san: $(UNIT:%=$(BUILD)/unit/%) $(GOLDEN:%=$(BUILD)/golden/%) $(BUILD)/amdiommu
.PHONY: san
endif

# Fast, therefore without sanitizers.
$(BUILD)/campaign: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/campaign/*.c)) \
		$(BUILD)/tests/golden/overlay.o $(BUILD)/tests/golden/jsonlint.o \
		$(BUILD)/libamdiommu-file.a $(BUILD)/libamdiommu-core.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(FILE_LIBS) $(CORE_LIBS)

SAMPLE := tests/data/debian-6.1-kdump.extract

tests-built: $(MDF_TESTS)
	$(MAKE) IN_SAN=1 BUILD=$(SAN) SANITIZE='$(SANITIZERS)' WERROR=1 san

# Seconds for each fuzz target.
FUZZ := $(BUILD)/fuzz
FUZZ_SECONDS ?= 60
FUZZ_RUN = tests/fuzz/run.py $(FUZZ) $(SAMPLE) --seconds

fuzz-built:
	$(MAKE) IN_SAN=1 BUILD=$(FUZZ) CC=clang WERROR=1 fuzz-targets \
	    SANITIZE='-fsanitize=fuzzer-no-link $(SANITIZERS)'

fuzz: deps-test
	$(MAKE) -j"$$(nproc)" fuzz-built
	tests/run.py '$(FUZZ_RUN) $(FUZZ_SECONDS)'

# The decoders, DRIVE_COUNT executions from DRIVE_SEED.
DRIVE_SEED ?= 1
DRIVE_COUNT ?= 100000000

drive: deps-test
	$(MAKE) IN_SAN=1 BUILD=$(BUILD)/drive WERROR=1 $(BUILD)/drive/fuzz/drive \
	    SANITIZE='-fsanitize=undefined -fno-sanitize-recover=undefined -O2'
	tests/run.py '$(BUILD)/drive/fuzz/drive $(DRIVE_SEED) $(DRIVE_COUNT)'

# Damaged dumps: CAMPAIGN_SEED, CAMPAIGN_COUNT for each of CAMPAIGN_DUMPS.
CAMPAIGN_SEED ?= 1
CAMPAIGN_COUNT ?= 100000
CAMPAIGN_DUMPS ?= $(SAMPLE)

campaign: deps-test
	$(MAKE) -j"$$(nproc)" $(BUILD)/campaign
	tests/run.py '$(BUILD)/campaign --seed $(CAMPAIGN_SEED) --count $(CAMPAIGN_COUNT) $(CAMPAIGN_DUMPS)'

QUICK := $(UNIT:%=$(SAN)/unit/%) '$(SAN)/golden/test_damage $(SAMPLE)' \
	 'tests/golden/test_cli.py $(SAN)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_docs.py $(BUILD)/amdiommu' \
	 'tests/golden/test_schema.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_same_facts.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_marks.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_text.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_many_dumps.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_broken.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_wrapper.py $(BUILD)/makedumpfile-amdiommu $(MDF_TEST)/fault.so $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_extension.py $(BUILD)/makedumpfile/amdiommu.so $(MDF_TEST) $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_html.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'scripts/findings.py --check' \
	 'tests/lab/test_check.py' 'tests/lab/test_truth.py' 'tests/lab/test_evidence.py'

# Real kernels in QEMU against independent truth; results are cached.
LAB := tests/lab/lab.py
LAB_OUT := $${AMDIOMMU_LAB:-$$HOME/.cache/amdiommu-lab}/out
LAB_SHORT := 6.1-both 6.1-pt 6.1-pending150 6.1-kdump 5.10-both 6.12-both 7.3-both \
	     6.1-poison-freed 6.1-poison-correct 6.1-events 6.1-bypass
LAB_LONG := $(LAB_SHORT) 6.1-planted-freed 6.1-planted-correct 6.18-both \
	    6.18-kdump-events 7.3-kdump 7.3-kdump-d31 6.1-bridge 7.3-bridge \
	    6.1-bypass-kdump 6.1-bypass-net 6.12-bypass 7.3-bypass 7.3-bypass-d31
lab_tests = $(foreach s,$(1),'$(LAB) cached $(s) && $(LAB) check $(s) --amdiommu $(BUILD)/amdiommu')

crash_test = tests/golden/test_crash.py $(BUILD)/amdiommu $(BUILD)/crash/amdiommu.so \
	     $(1) $(LAB_OUT)/6.1-both/vmcore $(LAB_OUT)/6.1-kdump/vmcore

# The same dump in all forms; the same facts in crash.
LAB_DIRS := $(LAB_SHORT:%=$(LAB_OUT)/%)
SAME := '$(LAB) cached 6.1-both && $(LAB) forms 6.1-both && V=$$($(LAB) vmlinux 6.1) && \
	 tests/golden/test_forms.py $(BUILD)/amdiommu $(LAB_OUT)/6.1-both/vmcore --vmlinux $$V $(LAB_OUT)/6.1-both/forms/*' \
	'tests/golden/test_schema.py $(BUILD)/amdiommu $(SAMPLE) $(LAB_DIRS:%=%/vmcore)' \
	'tests/golden/test_same_facts.py $(BUILD)/amdiommu $(LAB_DIRS:%=%/vmcore)' \
	'tests/golden/test_dmesg.py $(BUILD)/amdiommu $(LAB_DIRS)' \
	'V=$$($(LAB) vmlinux 6.1) && CRASH_TESTS=SameFacts $(call crash_test,$$V)'

lab_marks = $(foreach s,$(1),'$(LAB) cached $(s) && $(LAB) marks $(s)')

# The filter around the real makedumpfile, and in a real capture kernel.
FILTER := '$(LAB) cached 6.1-both && $(LAB) cached 6.1-off && tests/lab/test_filter.py \
	   $(BUILD)/makedumpfile-amdiommu $(MDF_TEST)/fault.so $(LAB_OUT)/6.1-both/vmcore $(LAB_OUT)/6.1-off/vmcore' \
	  $(call lab_marks,6.1-marks-stream) \
	  '$(LAB) cached 6.1-kdump && $(LAB) cached 6.1-both && $(LAB) forms 6.1-both && \
	   tests/golden/test_marks.py $(BUILD)/amdiommu $(SAMPLE) $(LAB_OUT)/6.1-kdump/vmcore $(LAB_OUT)/6.1-both/forms/elf-d31'

# What runs without QEMU.
check-quick: all tests-built
	tests/run.py $(QUICK)

# A taste of fuzzing and of the campaign: a minute.
HOSTILE := '$(FUZZ_RUN) 5' '$(BUILD)/campaign --seed $(CAMPAIGN_SEED) --count 1000 $(SAMPLE)'

# Kernels come while the compiler and the unit tests run; who needs one waits.
check: deps-test
	@mkdir -p $(BUILD)
	{ $(LAB) setup 6.1 5.10 6.12 7.3; $(LAB) vmlinux 6.1; } >$(BUILD)/lab-setup.log 2>&1 & \
	$(MAKE) -j"$$(nproc)" all tests-built fuzz-built bench-built $(BUILD)/campaign && \
	tests/run.py $(QUICK) $(HOSTILE) $(call lab_tests,$(LAB_SHORT)) $(SAME) $(FILTER)

# Also how the extension lives with Ctrl-C, pipes, unloading; takes minutes.
check-crash: all
	tests/run.py 'V=$$($(LAB) vmlinux 6.1) && $(call crash_test,$$V)'

# The extension in the crash of each Debian suite, or of those in SUITES; root,
# half an hour at first. It says what it has done as it goes.
SUITES ?=

crash-suites: deps-test
	$(MAKE) -j"$$(nproc)" all
	tests/suites/suites.py $(BUILD)/amdiommu $(SUITES)

# The filter where it is used: stock crash reads its dumps, kdump-tools of Debian
# runs it in a booted guest (root). MAKEDUMPFILE_SOURCE=, a clone of makedumpfile's
# repository: the extension in a makedumpfile that has --extension, built from
# there, and the wrapper around each release since 1.6.8.
check-kdump: deps-test
	$(MAKE) -j"$$(nproc)" all
	tests/run.py '$(LAB) cached 6.1-marks-file && $(LAB) cached 6.1-marks-stream && \
	    tests/kdump/crash.py $(BUILD)/amdiommu 6.1-marks-file 6.1-marks-stream' \
	    'tests/kdump/debian.py $(BUILD)/amdiommu' \
	    $(if $(MAKEDUMPFILE_SOURCE),'$(LAB) cached 6.1-both && $(LAB) cached 7.3-both && \
	    tests/kdump/extension.py $(BUILD)/amdiommu $(MAKEDUMPFILE_SOURCE) 6.1-both 7.3-both --capture' \
	    '$(LAB) cached 5.10-both && $(LAB) cached 6.1-both && \
	    tests/kdump/releases.py $(BUILD)/amdiommu $(BUILD)/makedumpfile-amdiommu $(MAKEDUMPFILE_SOURCE)')

lab: deps-test
	$(MAKE) -j"$$(nproc)" all
	tests/run.py $(call lab_tests,$(LAB_LONG)) \
	    $(call lab_marks,6.1-marks-file 6.1-marks-stream 7.3-marks-file 7.3-marks-stream)

lab-matrix: deps-test
	$(MAKE) -j"$$(nproc)" all
	$(LAB) matrix --amdiommu $(BUILD)/amdiommu

lab-evidence: deps-test
	$(MAKE) -j"$$(nproc)" all
	$(LAB) evidence --amdiommu $(BUILD)/amdiommu

# Lines of lib/ that the tests run; no QEMU. All that they run is built so.
COV := $(BUILD)/cov
COV_QUICK := $(subst $(BUILD)/makedumpfile,$(COV)/makedumpfile,$(subst $(BUILD)/amdiommu,$(COV)/amdiommu,$(subst $(SAN)/,$(COV)/,$(QUICK))))

coverage: deps-test
	$(MAKE) -j"$$(nproc)" IN_SAN=1 BUILD=$(COV) SANITIZE='--coverage -O0' san $(COV)/campaign \
	    $(COV)/makedumpfile-amdiommu $(COV)/makedumpfile/amdiommu.so
	find $(COV) -name '*.gcda' -delete
	tests/run.py $(COV_QUICK) '$(COV)/campaign --count 200 $(SAMPLE)'
	tests/coverage.py $(COV)

# Static analysis; minutes. What is left out, and why: tests/lint.py, .clang-tidy
LINT_SRC := $(wildcard lib/*/*.c lib/*/*/*.c tools/*.c makedumpfile-plugin/*.c tests/campaign/*.c)
LINT_FLAGS := -std=gnu11 -Iinclude -D_GNU_SOURCE -DAMI_VERSION='"lint"' $(TEST_INC)

lint: deps-test
	tests/lint.py $(LINT_SRC) -- $(LINT_FLAGS)

# `make check` builds them, too: nothing else would tell that one does no more.
BENCHES := $(BUILD)/scale/huge $(BUILD)/scale/queues $(BUILD)/bench/walk \
	   $(BUILD)/bench/packed $(BUILD)/bench/evidence

bench-built: $(BENCHES)

# Each against its peers or its limit, in turns; docs/performance.md.
bench: all $(BUILD)/scale/huge $(BUILD)/bench/walk $(BUILD)/bench/packed
	tests/bench/report.py $(BENCH) $(BUILD)/amdiommu $(LAB_OUT)/6.1-both/vmcore \
	    $(LAB_OUT)/6.1-both/forms/lzo-d31 --vmlinux "$$($(LAB) vmlinux 6.1)"
	for scattered in 0 100; do \
	    $(BUILD)/scale/huge $(BUILD)/scale/walk.elf 256 256 100 $$scattered >/dev/null && \
	    echo "$$scattered % of the single pages scattered:" && \
	    $(BUILD)/bench/walk $(BUILD)/scale/walk.elf && \
	    $(BUILD)/bench/packed $(BUILD)/scale/walk.elf $(BUILD)/scale; done
	rm -f $(BUILD)/scale/walk.elf

# A machine of 4 TiB with up to 400 million mapped pages: minutes.
bench-scale: all $(BUILD)/scale/huge
	tests/bench/scale.py $(BUILD)/amdiommu $(BUILD)/scale/huge $(BUILD)/scale

# With and without drivers' evidence, paired; thousands of queues.
bench-evidence: $(BUILD)/bench/evidence $(BUILD)/scale/queues
	for s in 6.1-both 6.1-pt 7.3-both; do $(BUILD)/bench/evidence $(LAB_OUT)/$$s/vmcore; done
	$(BUILD)/scale/queues 512 1024 2048 4096 2>/dev/null | grep -v '^\[\|tests'

# makedumpfile with and without the wrapper, paired.
bench-filter: $(BUILD)/makedumpfile-amdiommu
	$(LAB) cached 6.1-both && $(LAB) cached 6.1-64g
	tests/bench/filter.py $(BUILD)/makedumpfile-amdiommu $(LAB_OUT)/6.1-both/vmcore
	tests/bench/filter.py $(BUILD)/makedumpfile-amdiommu $(LAB_OUT)/6.1-64g/vmcore

docs:
	scripts/findings.py
.PHONY: docs

demo: deps
	@$(MAKE) --no-print-directory -j"$$(nproc)" all
	$(BUILD)/amdiommu report $(SAMPLE)

deps:
	@scripts/deps.sh build
deps-package:
	@scripts/deps.sh package
deps-test:
	@scripts/deps.sh test

# --- install ---------------------------------------------------------------

ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
MANDIR := $(PREFIX)/share/man

install: all
	install -D -m 755 $(BUILD)/amdiommu $(DESTDIR)$(PREFIX)/bin/amdiommu
	$(if $(CRASH_DEFS),install -D -m 644 $(BUILD)/crash/amdiommu.so \
	    $(DESTDIR)$(CRASH_EXTDIR)/amdiommu.so)
	for s in 1 5 8; do \
	    install -d $(DESTDIR)$(MANDIR)/man$$s && \
	    install -m 644 docs/man/*.$$s $(DESTDIR)$(MANDIR)/man$$s/ || exit; done
	install -D -m 644 completions/amdiommu.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/amdiommu
	install -D -m 644 completions/_amdiommu $(DESTDIR)$(ZSHDIR)/_amdiommu

# What a capture kernel needs; docs/kdump.md says how to switch it on.
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib/amdiommu
HOOKDIR ?= /usr/share/initramfs-tools/hooks
DRACUTDIR ?= /usr/lib/dracut/modules.d
# A package builder strips itself.
KDUMP_STRIP ?= -s
fill = sed -e 's,@SBINDIR@,$(SBINDIR),g' -e 's,@LIBDIR@,$(LIBDIR),g'

install-kdump: $(BUILD)/makedumpfile-amdiommu $(BUILD)/makedumpfile/amdiommu.so
	install -D $(KDUMP_STRIP) -m 755 $(BUILD)/makedumpfile-amdiommu $(DESTDIR)$(SBINDIR)/makedumpfile-amdiommu
	install -D $(KDUMP_STRIP) -m 755 $(BUILD)/makedumpfile/amdiommu.so $(DESTDIR)$(LIBDIR)/makedumpfile.so
	install -D -m 644 docs/man/makedumpfile-amdiommu.8 \
	    $(DESTDIR)$(MANDIR)/man8/makedumpfile-amdiommu.8
	install -d $(DESTDIR)$(LIBDIR)/kdump $(DESTDIR)$(HOOKDIR) $(DESTDIR)$(DRACUTDIR)/99amdiommu
	ln -sfn $(SBINDIR)/makedumpfile-amdiommu $(DESTDIR)$(LIBDIR)/kdump/makedumpfile
	$(fill) kdump/initramfs-tools/amdiommu-kdump >$(DESTDIR)$(HOOKDIR)/amdiommu-kdump
	$(fill) kdump/dracut/module-setup.sh >$(DESTDIR)$(DRACUTDIR)/99amdiommu/module-setup.sh
	chmod 755 $(DESTDIR)$(HOOKDIR)/amdiommu-kdump $(DESTDIR)$(DRACUTDIR)/99amdiommu/module-setup.sh

uninstall-kdump:
	rm -rf $(DESTDIR)$(LIBDIR)/kdump $(DESTDIR)$(DRACUTDIR)/99amdiommu
	rm -f $(DESTDIR)$(SBINDIR)/makedumpfile-amdiommu $(DESTDIR)$(LIBDIR)/makedumpfile.so \
	    $(DESTDIR)$(HOOKDIR)/amdiommu-kdump \
	    $(DESTDIR)$(MANDIR)/man8/makedumpfile-amdiommu.8

# --- packages --------------------------------------------------------------

DEB := $(BUILD)/deb

# In a copy: dh writes into the source tree.
deb: deps-package
	rm -rf $(DEB)
	mkdir -p $(DEB)/amdiommu-$(VERSION)
	tar -c --exclude=./$(BUILD) --exclude=./.git . | tar -x -C $(DEB)/amdiommu-$(VERSION)
	cd $(DEB)/amdiommu-$(VERSION) && env -u MAKEFLAGS dpkg-buildpackage -b -us -uc -j2
	lintian --fail-on error,warning --tag-display-limit 0 $(DEB)/*.changes

# Root; a fresh root directory at first. DUMP= VMLINUX=: crash loads the extension.
# The spec, and that it builds: against this system's libraries, whose packages
# have other names here, therefore --nodeps.
RPM := $(BUILD)/rpm

check-rpm: deps-package
	rpmlint -c packaging/rpmlint.toml packaging/amdiommu.spec
	rm -rf $(RPM)
	mkdir -p $(RPM)/SOURCES
	tar -c --exclude=./$(BUILD) --exclude=./.git --transform 's,^\.,amdiommu-$(VERSION),' . \
	    | gzip -1 >$(RPM)/SOURCES/amdiommu-$(VERSION).tar.gz
	env -u MAKEFLAGS rpmbuild --quiet --nodeps --define '_topdir $(CURDIR)/$(RPM)' \
	    -bb packaging/amdiommu.spec

check-deb: deb
	tests/run.py 'tests/packages/test_deb.py $(DEB) $(SAMPLE)'

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -type f -name '*.d' -not -path '$(BUILD)/deb/*' -not -path '$(BUILD)/rpm/*' -not -path '$(SAN)/*' -not -path '$(FUZZ)/*' -not -path '$(COV)/*' 2>/dev/null)

FORCE:

.PHONY: FORCE all bench bench-built bench-evidence bench-filter bench-scale campaign check check-crash check-deb \
	check-kdump check-quick check-rpm clean coverage crash-suites deb demo deps deps-package \
	deps-test drive fuzz fuzz-built \
	install install-kdump lab lab-evidence lab-matrix lint tests-built uninstall-kdump
