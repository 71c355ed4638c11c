# SPDX-License-Identifier: GPL-2.0-or-later
# Tests, benchmarks, analysis; included by the Makefile.

# Sanitizers see all of the library, in a build of its own.
SAN := $(BUILD)/san
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -O1
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_HELP := cards cards_bnxt cards_intel cards_others disks drivers image klog layouts \
	machine machine_analysis machine_devices machine_dma machine_memory noise owned \
	pages render scene sentences shapes symbols vmcore witnesses
GOLDEN := $(patsubst tests/golden/%.c,%,$(wildcard tests/golden/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# libkdumpfile reads what we write: an independent reader.
TEST_LIBS := $(FILE_LIBS) $(CORE_LIBS) -lkdumpfile -lcmocka
TEST_INC := $(ROOM_CPPFLAGS) -Itests/unit $(MDF_CPPFLAGS) -Itests/golden -Ilib/dump -Ilib/kernel -Ilib/state -Ilib/incidents -Ilib/owner -Ilib/evidence -Ilib/exposure -Ilib/verdict -Ilib/content -Ilib/marks -Itests/campaign -Itools

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

$(MDF_TEST)/mdfhost: tests/mdfhost/host.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CPPFLAGS) -std=gnu11 $(WARN) $(CFLAGS) -rdynamic -o $@ $^ \
	    $(FILE_LIBS) $(CORE_LIBS) -ldl

$(BUILD)/tests/%.o: ALL_CPPFLAGS += $(TEST_INC)

# A machine larger than any at hand, for benchmarks.
$(BUILD)/scale/huge: $(BUILD)/tests/scale/huge.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(TEST_LIBS))

# The same with thousands of full queues, of disks and of a network card.
$(BUILD)/scale/queues $(BUILD)/scale/strides: $(BUILD)/scale/%: $(BUILD)/tests/scale/%.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(TEST_LIBS))

# What readers want, looked up in a kernel's type information.
$(BUILD)/tests/resolve: $(BUILD)/tests/readers/resolve.o $(LIB)
	$(call say,LD $@)
	$(call link,,$(CORE_LIBS))

$(BUILD)/bench/evidence: $(BUILD)/tests/bench/evidence.o \
		$(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,-Wl$(comma)--wrap=ami_evidence_find,$(FILE_LIBS) $(CORE_LIBS))

$(BUILD)/bench/walk $(BUILD)/bench/packed: $(BUILD)/bench/%: $(BUILD)/tests/bench/%.o \
		$(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(FILE_LIBS) $(CORE_LIBS))

ifdef IN_SAN
$(BUILD)/unit/test_exit: $(BUILD)/tools/exit.o
$(BUILD)/unit/test_filter: $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,cmdline decide guard settings spare stream watch)
$(BUILD)/unit/test_carrier: $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,decide deliver guard marking settings spare stream watch)
$(UNIT:%=$(BUILD)/unit/%): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(TEST_LIBS))

$(GOLDEN:%=$(BUILD)/golden/%): $(BUILD)/golden/%: $(BUILD)/tests/golden/%.o \
		$(BUILD)/tests/golden/overlay.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(TEST_LIBS))

$(BUILD)/fuzz/stream: $(patsubst %,$(BUILD)/makedumpfile-plugin/%.o,stream)
# Each target with all helpers; clang's library has main().
$(FUZZ_TARGETS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(BUILD)/tests/fuzz/hostile.o $(BUILD)/tests/golden/overlay.o \
		$(BUILD)/tests/golden/jsonlint.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,-fsanitize=fuzzer,$(FILE_LIBS) $(CORE_LIBS))

$(BUILD)/fuzz/seeds: $(BUILD)/tests/fuzz/seeds.o \
		$(UNIT_HELP:%=$(BUILD)/tests/unit/%.o) \
		$(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(TEST_LIBS))

$(BUILD)/fuzz/drive: $(BUILD)/tests/fuzz/drive.o $(BUILD)/tests/fuzz/fuzz_decode.o \
		$(BUILD)/tests/fuzz/hostile.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(CORE_LIBS))

fuzz-targets: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%) $(BUILD)/fuzz/seeds
.PHONY: fuzz-targets

san: $(UNIT:%=$(BUILD)/unit/%) $(GOLDEN:%=$(BUILD)/golden/%) $(BUILD)/amdiommu
.PHONY: san
endif

# Fast, therefore without sanitizers.
$(BUILD)/campaign: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/campaign/*.c)) \
		$(BUILD)/tests/golden/overlay.o $(BUILD)/tests/golden/jsonlint.o \
		$(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(call link,,$(FILE_LIBS) $(CORE_LIBS))

SAMPLE := tests/data/debian-6.1-kdump.extract

## golden: make tests/data anew: the sample from itself, its report from the sample
golden: $(BUILD)/amdiommu
	$(BUILD)/amdiommu extract --force $(SAMPLE) $(BUILD)/sample.extract
	install -m 644 $(BUILD)/sample.extract $(SAMPLE)
	$(BUILD)/amdiommu report --json --pages $(SAMPLE) >$(BUILD)/sample.json
	install -m 644 $(BUILD)/sample.json $(SAMPLE:.extract=.json)
	git diff --stat tests/data
.PHONY: golden

tests-built: $(MDF_TESTS)
	$(MAKE) IN_SAN=1 BUILD=$(SAN) SANITIZE='$(SANITIZERS)' WERROR=1 san

# Seconds for each fuzz target.
FUZZ := $(BUILD)/fuzz
FUZZ_SECONDS ?= 60
# More extracts, of lab dumps with other drivers: 'evidence' and 'report' take them.
FUZZ_DUMPS ?=
FUZZ_RUN = tests/fuzz/run.py $(FUZZ) $(SAMPLE) $(FUZZ_DUMPS) --seconds

fuzz-built:
	$(MAKE) IN_SAN=1 BUILD=$(FUZZ) CC=clang WERROR=1 fuzz-targets \
	    SANITIZE='-fsanitize=fuzzer-no-link $(SANITIZERS)'

## fuzz: each fuzz target for FUZZ_SECONDS=60
fuzz: deps-test
	$(MAKE) $(PARALLEL) fuzz-built
	tests/run.py '$(FUZZ_RUN) $(FUZZ_SECONDS)'

# The decoders, DRIVE_COUNT executions from DRIVE_SEED.
DRIVE_SEED ?= 1
DRIVE_COUNT ?= 100000000

## drive: the decoders on DRIVE_COUNT inputs
drive: deps-test
	$(MAKE) IN_SAN=1 BUILD=$(BUILD)/drive WERROR=1 $(BUILD)/drive/fuzz/drive \
	    SANITIZE='-fsanitize=undefined -fno-sanitize-recover=undefined -O2'
	tests/run.py '$(BUILD)/drive/fuzz/drive $(DRIVE_SEED) $(DRIVE_COUNT)'

# Damaged dumps: CAMPAIGN_SEED, CAMPAIGN_COUNT for each of CAMPAIGN_DUMPS.
CAMPAIGN_SEED ?= 1
CAMPAIGN_COUNT ?= 100000
CAMPAIGN_DUMPS ?= $(SAMPLE)

## campaign: reports on CAMPAIGN_COUNT damaged dumps
campaign: deps-test
	$(MAKE) $(PARALLEL) $(BUILD)/campaign
	tests/run.py '$(BUILD)/campaign --seed $(CAMPAIGN_SEED) --count $(CAMPAIGN_COUNT) $(CAMPAIGN_DUMPS)'

QUICK := $(UNIT:%=$(SAN)/unit/%) '$(SAN)/golden/test_damage $(SAMPLE)' \
	 '$(SAN)/golden/test_reads $(SAMPLE)' \
	 '$(SAN)/golden/test_hidden $(SAMPLE)' \
	 'tests/golden/test_cli.py $(SAN)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_asked.py $(SAN)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_fleet.py $(SAN)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_contrib.py $(SAN)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_docs.py $(BUILD)/amdiommu' \
	 'tests/golden/test_schema.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_same_facts.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_facts.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_marks.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_text.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_many_dumps.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_broken.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_cut.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_wrapper.py $(BUILD)/makedumpfile-amdiommu $(MDF_TEST)/fault.so $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_extension.py $(BUILD)/makedumpfile/amdiommu.so $(MDF_TEST) $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_html.py $(BUILD)/amdiommu $(SAMPLE)' \
	 'tests/golden/test_recorder.py $(BUILD)/amdiommu-record' \
	 'scripts/findings.py --check' 'scripts/commands.py --check' \
	 'tests/names.py $(LIB_OBJ)' \
	 tests/includes.py \
	 'tests/cycles.py $(LIB_OBJ)' \
	 'tests/lab/test_check.py' 'tests/lab/test_truth.py' 'tests/lab/test_evidence.py' 'tests/lab/test_readers.py' tests/lab/test_scripts.py

# Real kernels in QEMU against independent truth; results are cached.
LAB := tests/lab/lab.py
LAB_OUT := $${AMDIOMMU_LAB:-$$HOME/.cache/amdiommu-lab}/out
LAB_SHORT := 6.1-both 6.1-pt 6.1-pending150 6.1-kdump 5.10-both 6.12-both 7.3-both \
	     6.1-poison-freed 6.1-poison-correct 6.1-events 6.1-bypass \
	     7.3-v2-5level
# Nothing restrains the devices, or an Intel IOMMU does.
LAB_NO_AMD := 6.1-off 6.1-no-iommu 7.3-no-iommu 6.1-no-iommu-sata-igb 6.1-no-iommu-virtio-net \
	      6.1-intel 7.3-intel 6.1-intel-off 6.1-intel-pt
LAB_LONG := $(LAB_SHORT) 6.1-v2 6.12-v2 6.1-planted-freed 6.1-planted-correct 6.18-both \
	    6.18-kdump-events 7.3-pending60 7.3-kdump 7.3-kdump-d31 6.1-bridge 7.3-bridge \
	    6.1-bypass-kdump 6.1-bypass-net 6.12-bypass 6.12-rt-bypass 6.12-rt-bypass-d31 \
	    7.3-bypass 7.3-bypass-d31 $(LAB_NO_AMD)
lab_tests = $(foreach s,$(1),'$(LAB) cached $(s) && $(LAB) check $(s) --amdiommu $(BUILD)/amdiommu')

crash_test = tests/golden/test_crash.py $(BUILD)/amdiommu $(BUILD)/crash/amdiommu.so \
	     $(1) $(LAB_OUT)/6.1-both/vmcore $(LAB_OUT)/6.1-kdump/vmcore

# The same dump in all forms; the same facts in crash.
LAB_DIRS := $(LAB_SHORT:%=$(LAB_OUT)/%)
SAME := '$(LAB) cached 6.1-both && $(LAB) forms 6.1-both && V=$$($(LAB) vmlinux 6.1) && \
	 tests/golden/test_forms.py $(BUILD)/amdiommu $(LAB_OUT)/6.1-both/vmcore --vmlinux $$V $(LAB_OUT)/6.1-both/forms/*' \
	'$(LAB) cached 6.1-both && V=$$($(LAB) vmlinux 6.1) && \
	 tests/golden/test_vmcoreinfo.py $(BUILD)/amdiommu $(LAB_OUT)/6.1-both/vmcore $$V' \
	'tests/golden/test_schema.py $(BUILD)/amdiommu $(SAMPLE) $(LAB_DIRS:%=%/vmcore)' \
	'tests/golden/test_same_facts.py $(BUILD)/amdiommu $(LAB_DIRS:%=%/vmcore)' \
	'tests/golden/test_facts.py $(BUILD)/amdiommu $(LAB_DIRS:%=%/vmcore)' \
	'tests/golden/test_dmesg.py $(BUILD)/amdiommu $(LAB_DIRS)' \
	'$(SAN)/golden/test_reads $(LAB_DIRS:%=%/vmcore)' \
	'tests/lab/test_private.py $(BUILD)/amdiommu $(LAB_OUT)/6.1-both/vmcore $(LAB_OUT)/5.10-both/vmcore $(LAB_OUT)/7.3-both/vmcore' \
	'V=$$($(LAB) vmlinux 6.1) && CRASH_TESTS=SameFacts $(call crash_test,$$V)'

# No kernel is booted.
READERS := '$(LAB) readers --resolve $(BUILD)/tests/resolve'

# What `who` says of pages that no device wrote, where no table bounds them.
lab_unasked = $(foreach s,$(1),'$(LAB) cached $(s) && $(LAB) unasked $(s) --amdiommu $(BUILD)/amdiommu')

lab_marks = $(foreach s,$(1),'$(LAB) cached $(s) && $(LAB) marks $(s)')

# The filter around the real makedumpfile, and in a real capture kernel.
FILTER := '$(LAB) cached 6.1-both && $(LAB) cached 6.1-off && tests/lab/test_filter.py \
	   $(BUILD)/makedumpfile-amdiommu $(MDF_TEST)/fault.so $(LAB_OUT)/6.1-both/vmcore $(LAB_OUT)/6.1-off/vmcore' \
	  $(call lab_marks,6.1-marks-stream) \
	  '$(LAB) cached 6.1-kdump && $(LAB) cached 6.1-both && $(LAB) forms 6.1-both && \
	   tests/golden/test_marks.py $(BUILD)/amdiommu $(SAMPLE) $(LAB_OUT)/6.1-kdump/vmcore $(LAB_OUT)/6.1-both/forms/elf-d31'

# All unit tests take minutes to build; one does not.
TEST ?= $(UNIT)

## unit: unit tests only, or those in TEST="test_nics test_state"
unit:
	$(MAKE) IN_SAN=1 BUILD=$(SAN) SANITIZE='$(SANITIZERS)' WERROR=1 $(TEST:%=$(SAN)/unit/%)
	tests/run.py $(TEST:%=$(SAN)/unit/%)

## check-quick: what runs without QEMU
check-quick: all tests-built
	tests/run.py $(QUICK)

# A taste of fuzzing and of the campaign: a minute, the same inputs each time.
HOSTILE := '$(FUZZ_RUN) 5 --seed 1' '$(BUILD)/campaign --seed $(CAMPAIGN_SEED) --count 1000 $(SAMPLE)'

## check: set up, build, run all tests (short QEMU lab run included)
# Kernels come while the compiler and the unit tests run; who needs one waits.
check: deps-test
	@mkdir -p $(BUILD)
	{ $(LAB) setup 6.1 5.10 6.12 7.3; $(LAB) vmlinux 6.1; } >$(BUILD)/lab-setup.log 2>&1 & \
	$(MAKE) $(PARALLEL) test AMDIOMMU_OFFLINE=

## test: the same tests, for packagers: installs and downloads nothing
# Kernels that are not there already are said to be missing, and skipped. The
# lab comes first: it takes longest.
test: export AMDIOMMU_OFFLINE ?= 1
test:
	$(MAKE) $(PARALLEL) all tests-built fuzz-built bench-built $(BUILD)/campaign $(BUILD)/tests/resolve
	tests/run.py $(call lab_tests,$(LAB_SHORT)) $(READERS) $(QUICK) $(HOSTILE) $(SAME) $(FILTER)

# Also how the extension lives with Ctrl-C, pipes, unloading; takes minutes.
## check-crash: the extension in crash, with Ctrl-C, pipes, unloading
check-crash: all
	tests/run.py 'V=$$($(LAB) vmlinux 6.1) && $(call crash_test,$$V)'

# The extension in the crash of each Debian suite, or of those in SUITES; root,
# half an hour at first. It says what it has done as it goes.
SUITES ?=

## crash-suites: the extension in the crash of each Debian suite (root)
crash-suites: deps-test
	$(MAKE) $(PARALLEL) all
	CRASH_SOURCE=$(CRASH_SOURCE) tests/suites/suites.py $(BUILD)/amdiommu $(SUITES)

# The filter where it is used: stock crash reads its dumps, kdump-tools of Debian
# runs it in a booted guest (root). MAKEDUMPFILE_SOURCE=, a clone of makedumpfile's
# repository: the extension in a makedumpfile that has --extension, built from
# there, and the wrapper around each release since 1.6.8.
## check-kdump: the filter in stock crash and in kdump-tools (root)
check-kdump: deps-test $(MDF_TESTS)
	$(MAKE) $(PARALLEL) all
	tests/run.py '$(LAB) cached 6.1-marks-file && $(LAB) cached 6.1-marks-stream && \
	    tests/kdump/crash.py $(BUILD)/amdiommu 6.1-marks-file 6.1-marks-stream' \
	    'tests/kdump/debian.py $(BUILD)/amdiommu' \
	    $(if $(MAKEDUMPFILE_SOURCE),'$(LAB) cached 6.1-both && $(LAB) cached 7.3-both && \
	    tests/kdump/extension.py $(BUILD)/amdiommu $(MAKEDUMPFILE_SOURCE) 6.1-both 7.3-both --capture' \
	    '$(LAB) cached 5.10-both && $(LAB) cached 6.1-both && \
	    tests/kdump/releases.py $(BUILD)/amdiommu $(BUILD)/makedumpfile-amdiommu $(MAKEDUMPFILE_SOURCE)' \
	    '$(LAB) cached 5.10-both && $(LAB) cached 6.1-both && tests/kdump/faults.py $(BUILD)/amdiommu \
	    $(BUILD)/makedumpfile-amdiommu $(MDF_TEST)/fault.so $(MAKEDUMPFILE_SOURCE)')

## lab: more kernels in QEMU
lab: deps-test
	$(MAKE) $(PARALLEL) all
	tests/run.py $(call lab_tests,$(LAB_LONG)) \
	    $(call lab_marks,6.1-marks-file 6.1-marks-stream 7.3-marks-file 7.3-marks-stream) \
	    $(call lab_unasked,6.1-pt 7.3-pt) \
	    '$(LAB) qemudump --amdiommu $(BUILD)/amdiommu' \
	    '$(LAB) qemudump --qemu 10 --amdiommu $(BUILD)/amdiommu'
	tests/run.py 'tests/lab/test_kinds.py $(BUILD)/amdiommu' \
	    'V=$$($(LAB) vmlinux 6.1) && CRASH_TESTS=SameFacts tests/golden/test_crash.py $(BUILD)/amdiommu \
	    $(BUILD)/crash/amdiommu.so $$V $(LAB_OUT)/6.1-off/vmcore $(LAB_OUT)/6.1-intel/vmcore'

## lab-matrix: every kernel and mode in one table, half an hour and more
lab-matrix: deps-test
	$(MAKE) $(PARALLEL) all
	$(LAB) matrix --amdiommu $(BUILD)/amdiommu

## lab-evidence: each class of device, what evidence said of its writes
lab-evidence: deps-test
	$(MAKE) $(PARALLEL) all
	$(LAB) evidence --amdiommu $(BUILD)/amdiommu

RECORD_SCENARIOS ?= 6.1-both 6.1-pending60 7.3-kdump

## lab-record: registers recorded at a crash, against QEMU's monitor
lab-record: deps-test
	$(MAKE) $(PARALLEL) all
	tests/lab/record.py run $(RECORD_SCENARIOS)
	tests/lab/record.py check $(RECORD_SCENARIOS) --amdiommu $(BUILD)/amdiommu

# No kernel is booted: only the packages are fetched, once.
READER_KERNELS ?=

## check-readers: what readers want of drivers' types, in the kernels of READER_KERNELS
check-readers: deps-test $(BUILD)/tests/resolve
	$(LAB) readers $(READER_KERNELS) --resolve $(BUILD)/tests/resolve

## layouts: tests/unit/layouts anew, from real kernels
layouts: deps-test $(BUILD)/tests/resolve
	$(LAB) readers --renew --resolve $(BUILD)/tests/resolve

# Lines of lib/ that the tests run; no QEMU. All that they run is built so.
COV := $(BUILD)/cov
COV_QUICK := $(subst $(BUILD)/makedumpfile,$(COV)/makedumpfile,$(subst $(BUILD)/amdiommu,$(COV)/amdiommu,$(subst $(SAN)/,$(COV)/,$(QUICK))))

## coverage: lines of lib/ that the tests run
coverage: deps-test
	$(MAKE) $(PARALLEL) IN_SAN=1 BUILD=$(COV) SANITIZE='--coverage -O0' san $(COV)/campaign \
	    $(COV)/makedumpfile-amdiommu $(COV)/makedumpfile/amdiommu.so
	find $(COV) -name '*.gcda' -delete
	tests/run.py $(COV_QUICK) '$(COV)/campaign --count 200 $(SAMPLE)'
	tests/coverage.py $(COV)

# Static analysis; minutes. What is left out, and why: tests/lint.py, .clang-tidy
LINT_SRC := $(wildcard lib/*/*.c lib/*/*/*.c tools/*.c makedumpfile-plugin/*.c tests/campaign/*.c)
LINT_FLAGS := -std=gnu11 -Iinclude -D_GNU_SOURCE -DAMI_VERSION='"lint"' $(TEST_INC)

## lint: static analysis: clang-tidy, cppcheck, gcc -fanalyzer
lint: deps-test
	tests/lint.py $(LINT_SRC) -- $(LINT_FLAGS)

# `make check` builds them, too: nothing else would tell that one does no more.
BENCHES := $(BUILD)/scale/huge $(BUILD)/scale/queues $(BUILD)/scale/strides $(BUILD)/bench/walk \
	   $(BUILD)/bench/packed $(BUILD)/bench/evidence

bench-built: $(BENCHES)

# Each against its peers or its limit, in turns; docs/performance.md.
## bench: time and memory, paired with crash (BENCH=--drgn: and with drgn)
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
## bench-scale: the same on machines of 4 TiB
bench-scale: all $(BUILD)/scale/huge
	tests/bench/scale.py $(BUILD)/amdiommu $(BUILD)/scale/huge $(BUILD)/scale

# With and without drivers' evidence, paired; thousands of queues.
## bench-evidence: what drivers' evidence adds to a report, paired
bench-evidence: $(BUILD)/bench/evidence $(BUILD)/scale/queues $(BUILD)/scale/strides
	for s in 6.1-both 6.1-pt 7.3-both; do $(BUILD)/bench/evidence $(LAB_OUT)/$$s/vmcore; done
	$(BUILD)/scale/queues 512 1024 2048 4096 2>/dev/null | grep -v '^\[\|tests'
	$(BUILD)/scale/strides 64 128 256 512 damaged 2>/dev/null | grep -v '^\[\|tests'

# makedumpfile with and without the wrapper, paired.
## bench-filter: time and memory of the makedumpfile wrapper, paired
bench-filter: $(BUILD)/makedumpfile-amdiommu
	$(LAB) cached 6.1-both && $(LAB) cached 6.1-64g
	tests/bench/filter.py $(BUILD)/makedumpfile-amdiommu $(LAB_OUT)/6.1-both/vmcore
	tests/bench/filter.py $(BUILD)/makedumpfile-amdiommu $(LAB_OUT)/6.1-64g/vmcore

.PHONY: bench bench-built bench-evidence bench-filter bench-scale campaign check check-crash \
	check-kdump check-quick check-readers coverage crash-suites drive fuzz fuzz-built lab lab-evidence lab-record \
	layouts \
	lab-matrix lint test tests-built unit
