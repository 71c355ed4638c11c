# SPDX-License-Identifier: GPL-2.0-or-later
"""Root directories of other Debian suites, each with its crash and compiler."""
import os
import re
import shutil
import subprocess
import tempfile

import packages
from workdir import HERE as LAB_CODE, LAB, CannotRun, Failed, lock, path

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(LAB_CODE))
# The library is compiled as a whole, also what the extension does not link.
NEEDED = ('crash', 'gcc', 'make', 'libc6-dev', 'libbpf-dev', 'zlib1g-dev',
          'libdw-dev', 'liblzo2-dev', 'libsnappy-dev', 'libzstd-dev')
SECONDS = 1800
BUILD_SECONDS = 7200
# crash's Makefile would fetch gdb: Debian's source package of crash has one that
# the patch fits, maybe of a newer point release, in a folder of that name.
BUILD_CRASH = r"""
set -eu
sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >/etc/apt/sources.list.d/source.list
apt-get -o Acquire::Check-Valid-Until=false update
apt-get install -y --no-install-recommends dpkg-dev patch
apt-get build-dep -y --no-install-recommends crash
cd "$1"
apt-get source --download-only crash
patch=$(ls gdb-*.patch)
gdb=${patch%.patch}
mkdir unpacked
tar -xf crash_*.orig-gdb.tar.* -C unpacked
mv "$(dirname "$(find unpacked -maxdepth 2 -type d -name gdb | head -n 1)")" "$gdb"
patch -p0 <"$patch"
cp "$patch" "$gdb"
make -j2 lzo snappy zstd
"""


class Root:
    """The root directory of a suite, made at the first use.

    To have it made anew, with the suite's newest packages: remove the folder.
    """

    def __init__(self, suite):
        self.suite = suite
        self.folder = path('suites', suite)
        self.program = 'crash'
        with lock('suite-' + suite):
            self.complete()
        self.version = self.crash_version()
        self.include = os.path.realpath(self.folder + '/usr/include/crash')

    def crash_version(self):
        shown = self.run(self.program, '--version')
        return re.search(r'^crash (\S+)', shown, re.M)[1]

    def complete(self):
        """The folder, and in it what is needed today"""
        record, packages_there = self.folder + '/complete', None
        if os.path.exists(record):
            with open(record) as f:
                packages_there = f.read().split()
        else:
            self.make()
        if packages_there == list(NEEDED):
            return
        # A mirror may be a snapshot, older than its index promises to be good.
        self.run('apt-get', '-o', 'Acquire::Check-Valid-Until=false', 'update')
        self.run('apt-get', 'install', '-y', '--no-install-recommends',
                 *NEEDED)
        self.run('apt-get', 'clean')
        with open(record, 'w') as f:
            f.write(' '.join(NEEDED))

    def make(self):
        (archive, key), _ = packages.archives()
        if not key.startswith('/'):
            key = packages.KEYRING
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        # It mounts /proc there, and leaves it when it is interrupted.
        self.carry_out(['unshare', '--mount', '--propagation', 'private',
                        'debootstrap', '--variant=minbase', '--keyring=' + key,
                        self.suite, self.folder, archive])

    def command(self, *words):
        """To be run from this machine; the same paths hold the same files."""
        roots = os.path.realpath(os.path.dirname(self.folder))
        folders = ':'.join({CHECKOUT, LAB, roots, tempfile.gettempdir()})
        return [HERE + '/enter.sh', self.folder, folders, *words]

    def run(self, *words, seconds=SECONDS):
        """What a program in the root prints."""
        return self.carry_out(self.command(*words), seconds)

    def carry_out(self, command, seconds=SECONDS):
        env = dict(os.environ, DEBIAN_FRONTEND='noninteractive', LC_ALL='C')
        done = subprocess.run(command, text=True, env=env, check=False,
                              cwd=CHECKOUT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=seconds,
                              stderr=subprocess.STDOUT, errors='replace')
        if done.returncode:
            raise Failed(f'{self.suite}: {" ".join(command)}:\n'
                         + done.stdout[-2000:])
        return done.stdout

    def build(self, header=None, version=None):
        """The extension, by this suite's compiler; its path.

        For its own crash; or against the header of another root's crash, and
        for that version or the one given.
        """
        folder, words = 'build/suites/' + self.suite, ['WERROR=1']
        if header:
            version = version or header.version
            own, folder = folder, f'{folder}-{header.suite}-{version}'
            # Only what knows crash is compiled again.
            shutil.rmtree(os.path.join(CHECKOUT, folder), ignore_errors=True)
            shutil.copytree(os.path.join(CHECKOUT, own),
                            os.path.join(CHECKOUT, folder),
                            ignore=shutil.ignore_patterns('crash'))
            words += [f'CRASH_INCLUDE={header.include}',
                      f'CRASH_VERSION={version}']
        target = folder + '/crash/amdiommu.so'
        self.run('make', '-j2', 'BUILD=' + folder, *words, target)
        return os.path.join(CHECKOUT, target)


class Head(Root):
    """crash of a clone of its repository, in the root directory of sid."""

    HOME = '/usr/src/crash-head'

    def __init__(self, clone):
        super().__init__('sid')
        self.suite = 'head'
        self.program = self.HOME + '/crash'
        self.include = os.path.realpath(self.folder) + self.HOME
        with lock('suite-head'):
            self.make_crash(clone)
        self.version = self.crash_version()

    def make_crash(self, clone):
        """Unless it was made of the same commit before"""
        git = ['git', '-C', os.path.abspath(clone)]
        commit = subprocess.run([*git, 'rev-parse', 'HEAD'], text=True,
                                stdout=subprocess.PIPE, check=True).stdout
        record = self.folder + self.HOME + '/commit'
        if os.path.exists(record):
            with open(record) as f:
                if f.read() == commit:
                    return
        shutil.rmtree(self.folder + self.HOME, ignore_errors=True)
        os.makedirs(self.folder + self.HOME)
        with subprocess.Popen([*git, 'archive', 'HEAD'],
                              stdout=subprocess.PIPE) as archive:
            subprocess.run(['tar', '-x', '-C', self.folder + self.HOME],
                           stdin=archive.stdout, check=True)
        self.run('sh', '-c', BUILD_CRASH, 'sh', self.HOME,
                 seconds=BUILD_SECONDS)
        with open(record, 'w') as f:
            f.write(commit)

    def build(self, header=None, version=None):
        """Also for itself, against the header in its own folder"""
        if header:
            return super().build(header, version)
        target = 'build/suites/head/crash/amdiommu.so'
        self.run('make', '-j2', 'BUILD=build/suites/head', 'WERROR=1',
                 f'CRASH_INCLUDE={self.include}',
                 f'CRASH_VERSION={self.version}', target)
        return os.path.join(CHECKOUT, target)


def install_tools():
    if os.geteuid():
        raise CannotRun('root directories of other suites need root')
    packages.install(('debootstrap',))
