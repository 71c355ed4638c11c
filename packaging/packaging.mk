# SPDX-License-Identifier: GPL-2.0-or-later
# Packages; included by the Makefile.

DEB := $(BUILD)/deb

# In a copy: dh writes into the source tree.
## deb: Debian packages in $(BUILD)/deb
deb: deps-package same-version
	rm -rf $(DEB)
	mkdir -p $(DEB)/amdiommu-$(VERSION)
	tar -c --exclude=./$(BUILD) --exclude=./.git . | tar -x -C $(DEB)/amdiommu-$(VERSION)
	cd $(DEB)/amdiommu-$(VERSION) && env -u MAKEFLAGS dpkg-buildpackage -b -us -uc -j2
	lintian --fail-on error,warning --tag-display-limit 0 $(DEB)/*.changes

# Root; a fresh root directory at first. DUMP= VMLINUX=: crash loads the extension.
# The spec, and that it builds: against this system's libraries, whose packages
# have other names here, therefore --nodeps.
RPM := $(BUILD)/rpm

## check-rpm: the spec, and that it builds
check-rpm: deps-package same-version
	rpmlint -c packaging/rpmlint.toml packaging/amdiommu.spec
	rm -rf $(RPM)
	mkdir -p $(RPM)/SOURCES
	tar -c --exclude=./$(BUILD) --exclude=./.git --transform 's,^\.,amdiommu-$(VERSION),' . \
	    | gzip -1 >$(RPM)/SOURCES/amdiommu-$(VERSION).tar.gz
	env -u MAKEFLAGS rpmbuild --quiet --nodeps --define '_topdir $(CURDIR)/$(RPM)' \
	    -bb packaging/amdiommu.spec

## check-deb: the Debian packages in a fresh root (root)
check-deb: deb
	tests/run.py 'tests/packages/test_deb.py $(DEB) $(SAMPLE)'

# Changelogs state the version that they are of.
same-version:
	@test "$$(dpkg-parsechangelog -S Version)" = '$(VERSION)' || \
	    { echo 'debian/changelog is of another version than the file VERSION'; exit 1; }
	@grep -qx 'Version: *$(VERSION)' packaging/amdiommu.spec || \
	    { echo 'packaging/amdiommu.spec is of another version than the file VERSION'; exit 1; }
.PHONY: check-deb check-rpm deb same-version
