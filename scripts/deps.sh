#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, by name, with the system's package client.
# deps.sh build      to build the command and the crash extension
# deps.sh package    to build the packages
# deps.sh test       to run the tests as well
set -eu

build="gcc libc6-dev pkgconf libbpf-dev libxxhash-dev libdw-dev libelf-dev zlib1g-dev
liblzo2-dev libsnappy-dev libzstd-dev crash"
test="libcmocka-dev libkdumpfile-dev python3 python3-jsonschema makedumpfile qemu-system-x86 busybox-static
kexec-tools kmod cpio xz-utils zstd clang libclang-rt-dev clang-tidy cppcheck chromium
chromium-driver python3-selenium mandoc parallel sqlite3"
package="debhelper dpkg-dev fakeroot lintian rpm rpmlint"

case ${1:-build} in
build) wanted=$build ;;
package) wanted="$build $package" ;;
test) wanted="$build $test" ;;
*) echo "usage: deps.sh build|package|test" >&2; exit 64 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "This system has no dpkg. Please install what these Debian packages hold:"
	echo "$wanted"
	exit 0
fi

missing=
for package in $wanted; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
		grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null 2>&1; then
	root=sudo
else
	echo "Missing packages:$missing" >&2
	echo "Install them as root: apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086
$root apt-get install -y -qq --no-install-recommends $missing >/dev/null
