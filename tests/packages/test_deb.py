#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages: installed in a fresh root directory, used, purged.

usage: test_deb.py FOLDER-OF-PACKAGES SAMPLE
Needs root and the archive of the apt sources of this machine.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE + '/../suites', HERE + '/../lab']
import roots  # noqa: E402
from workdir import CannotRun, Failed, lock, path  # noqa: E402

SUITE = 'bookworm'
OURS = ('amdiommu', 'amdiommu-crash', 'amdiommu-makedumpfile',
        'amdiommu-record')


class Fresh(roots.Root):
    """A root directory with nothing but the base system; a copy of it."""

    def __init__(self):
        # The parent's holds compilers and crash: packages must bring theirs.
        self.suite = SUITE
        self.folder = base = path('suites', SUITE + '-bare')
        with lock('suite-' + SUITE + '-bare'):
            if not os.path.exists(base + '/complete'):
                self.make()
                self.run('apt-get', '-o', 'Acquire::Check-Valid-Until=false',
                         'update')
                with open(base + '/complete', 'w'):
                    pass
        self.folder = tempfile.mkdtemp(prefix='amdiommu-deb-')
        subprocess.run(['cp', '-a', base + '/.', self.folder], check=True)

    def files(self):
        """What lies in the root with our name, without dpkg's own books."""
        found = set()
        for top in ('/usr', '/etc', '/var/lib', '/run', '/boot'):
            for folder, below, names in os.walk(self.folder + top):
                folder = folder[len(self.folder):]
                if folder.startswith('/var/lib/dpkg/'):
                    continue
                found |= {f'{folder}/{name}' for name in below + names
                          if 'amdiommu' in name}
        return found


class Packages(unittest.TestCase):
    def setUp(self):
        self.debs = [glob.glob(f'{FOLDER}/{name}_*_amd64.deb')
                     for name in OURS]

    @classmethod
    def setUpClass(cls):
        cls.root = Fresh()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root.folder)

    def refused(self, *words):
        with self.assertRaises(Failed) as caught:
            self.root.run(*words)
        return str(caught.exception)

    def test_1_install(self):
        self.assertEqual([len(found) for found in self.debs], [1] * len(OURS))
        self.assertEqual(self.root.files(), set())
        self.root.run('apt-get', 'install', '-y', '--no-install-recommends',
                      *[found[0] for found in self.debs])
        self.assertIn('/usr/bin/amdiommu', self.root.files())

    def test_2_command(self):
        shown = self.root.run('amdiommu', 'report', SAMPLE)
        self.assertTrue(shown.startswith('VERDICT  exposed'), shown)
        self.assertIn('0000:00:04.0  8086:10d3  e1000e', shown)
        for words in (('help',), ('help', 'who')):
            self.assertIn('usage', self.root.run('amdiommu', *words).lower())

    def test_3_crash_finds_the_extension(self):
        # Without a dump crash loads nothing; the linker shows what it could.
        name = '/usr/lib/crash/extensions/amdiommu.so'
        shown = self.root.run('ldd', name)
        self.assertNotIn('not found', shown)
        version = self.root.run('crash', '--version').splitlines()[1].split()[1]
        with open(self.root.folder + name, 'rb') as f:
            self.assertIn(b'\0' + version.encode() + b'\0', f.read())

    def test_4_crash_loads_the_extension(self):
        dump, vmlinux = os.environ.get('DUMP'), os.environ.get('VMLINUX')
        if not dump or not vmlinux:
            self.skipTest('DUMP and VMLINUX are not set')
        # Not in /tmp: that is this machine's there.
        with open(self.root.folder + '/root/commands', 'w') as f:
            f.write('extend amdiommu.so\namdiommu\nquit\n')
        shown = self.root.run('crash', '-s', '-i', '/root/commands', vmlinux,
                              dump)
        self.assertIn('shared object loaded', shown)
        self.assertIn('VERDICT', shown)

    def test_5_makedumpfile(self):
        shown = self.root.run('makedumpfile-amdiommu', '--help')
        self.assertIn('makedumpfile', shown)
        self.assertNotIn('not found', self.root.run(
            'ldd', '/usr/lib/amdiommu/makedumpfile.so'))
        # The names in the hooks are filled in, and the shell reads them.
        for hook in ('/usr/share/initramfs-tools/hooks/amdiommu-kdump',
                     '/usr/lib/dracut/modules.d/99amdiommu/module-setup.sh'):
            with open(self.root.folder + hook) as f:
                self.assertNotRegex(f.read(), '@[A-Z]+@')
            self.root.run('bash', '-n', hook)
        self.root.run('/usr/lib/amdiommu/kdump/makedumpfile', '--help')

    def test_5_recorder_is_off(self):
        self.assertIn('load|unload|status',
                      self.root.run('amdiommu-record', '--help'))
        self.assertIn('/usr/lib/systemd/system/amdiommu-record.service',
                      self.root.files())
        self.assertFalse([name for name in self.root.files()
                          if name.startswith('/etc/systemd')])

    def test_6_purge(self):
        self.root.run('apt-get', 'purge', '-y', *OURS)
        self.assertEqual(self.root.files(), set())
        self.refused('amdiommu', 'help')


if __name__ == '__main__':
    FOLDER, SAMPLE = map(os.path.abspath, sys.argv[1:3])
    try:
        roots.install_tools()
    except CannotRun as why:
        print(why)
        sys.exit(77)
    done = unittest.main(argv=sys.argv[:1], exit=False).result
    bad = len(done.failures) + len(done.errors)
    print(f'{done.testsRun - bad - len(done.skipped)} passed, {bad} failed, '
          f'{len(done.skipped)} skipped')
    sys.exit(bad != 0)
