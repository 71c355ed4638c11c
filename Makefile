# SPDX-License-Identifier: GPL-2.0-or-later
# make            the command and the crash extension
# make demo       set up, build, report on the sample
# make check      set up, build, run all tests
# make install    DESTDIR= PREFIX=/usr/local CRASH_EXTDIR=/usr/lib/crash/extensions

VERSION := 0.1
PREFIX ?= /usr/local
CRASH_EXTDIR ?= /usr/lib/crash/extensions
BUILD ?= build
CRASH_INCLUDE ?= /usr/include/crash

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra $(if $(WERROR),-Werror)
ALL_CPPFLAGS := -Iinclude -D_GNU_SOURCE -DAMI_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS := -std=gnu11 $(WARN) -fPIC -fvisibility=hidden $(CFLAGS) $(SANITIZE)

# What a host brings itself (crash, makedumpfile) needs only the core.
CORE_SRC := $(wildcard lib/common/*.c lib/amdvi/*.c lib/state/*.c \
	      lib/exposure/*.c lib/report/*.c) \
	    lib/dump/dump.c lib/dump/record.c lib/dump/vmcoreinfo.c \
	    lib/kernel/kernel.c lib/kernel/list.c lib/kernel/memory.c \
	    lib/kernel/wants.c
# Files, BTF and DWARF: the stand-alone command.
FILE_SRC := $(filter-out $(CORE_SRC),$(wildcard lib/dump/*.c lib/kernel/*.c))

CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
FILE_OBJ := $(FILE_SRC:%.c=$(BUILD)/%.o)
CORE_LIBS := -lroaring
FILE_LIBS := -lkdumpfile -lbpf -ldw -lelf -lz

all: $(BUILD)/amdiommu $(if $(wildcard $(CRASH_INCLUDE)/defs.h),$(BUILD)/crash/amdiommu.so)

$(BUILD)/libamdiommu-core.a: $(CORE_OBJ)
$(BUILD)/libamdiommu-file.a: $(FILE_OBJ)
$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/amdiommu: $(BUILD)/tools/amdiommu.o $(BUILD)/libamdiommu-file.a \
		   $(BUILD)/libamdiommu-core.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(FILE_LIBS) $(CORE_LIBS)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all clean
