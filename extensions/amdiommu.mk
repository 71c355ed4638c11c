# SPDX-License-Identifier: GPL-2.0-or-later
# For crash's own build. In its tree, after `make`:
#
#	ln -s AMDIOMMU/extensions/amdiommu.mk extensions/amdiommu.mk
#	ln -s AMDIOMMU/extensions/crash.c extensions/amdiommu.c
#	make extensions
#
# crash builds what has a .c file, and leaves how to the .mk file. AMDIOMMU is found
# through the link; a copy of this file needs AMDIOMMU=FOLDER. The version is that of
# the crash that was built here: no other crash loads the extension.
AMDIOMMU ?= $(patsubst %/extensions/amdiommu.mk,%,$(realpath amdiommu.mk))
BUILT := $(shell sed -n 's/^char \*build_version = "\(.*\)";$$/\1/p' ../build_data.c)

all: amdiommu.so

amdiommu.so: ../defs.h ../build_data.c
	env -u MAKEFLAGS -u TARGET $(MAKE) -C $(AMDIOMMU) BUILD=build/crash-tree \
		CRASH_INCLUDE=$(abspath ..) CRASH_VERSION='$(BUILT)' \
		build/crash-tree/crash/amdiommu.so
	cp $(AMDIOMMU)/build/crash-tree/crash/amdiommu.so $@

clean:
	rm -f amdiommu.so
