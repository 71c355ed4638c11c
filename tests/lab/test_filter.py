#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The wrapper around the real makedumpfile, on a real vmcore: whatever goes
wrong with the marks, the dump is what makedumpfile alone writes.

usage: test_filter.py WRAPPER FAULT.so VMCORE VMCORE_WITHOUT_IOMMU

Compares bytes and exit status, for a file and for a stream. Where marks could
be made in spite of a fault, all but the notes of the dump is compared.
"""
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import testing

WRAPPER, FAULT, VMCORE, NO_IOMMU = map(os.path.abspath, sys.argv[1:5])
BTF_MAGIC = bytes.fromhex('9feb010018000000')
NO_MARKS = b'amdiommu: no marks'
LEVEL = ['-l', '-d', '31']
PEAK_KIB = 32 << 10


def need_root():
    return [] if os.geteuid() == 0 else ['unshare', '--user', '--map-root-user']


class Filter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(dir='/var/tmp')
        cls.plain = {}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_it(self, program, words, stdout=None, **env):
        done = subprocess.run([program, *words], stderr=subprocess.PIPE,
                              stdout=stdout or subprocess.DEVNULL,
                              env=dict(os.environ, **env), timeout=300)
        return done.returncode, done.stderr

    def both(self, program, vmcore, name, **env):
        """(exit status, stderr) for a file, for a stream; NAME, NAME.f"""
        results = []
        for suffix, flat in (('', []), ('.f', ['-F'])):
            out = self.path(name + suffix)
            if os.path.exists(out):
                os.unlink(out)
            if flat:
                with open(out, 'wb') as f:
                    cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE,
                                           stdout=f)
                    results.append(self.run_it(
                        program, flat + LEVEL + [vmcore], cat.stdin, **env))
                    cat.stdin.close()
                    cat.wait()
            else:
                results.append(self.run_it(program, LEVEL + [vmcore, out],
                                           **env))
        return results

    def reference(self, vmcore):
        if vmcore not in self.plain:
            name = f'plain{len(self.plain)}'
            results = self.both('makedumpfile', vmcore, name)
            self.plain[vmcore] = name, [code for code, _ in results]
        return self.plain[vmcore]

    def same(self, name, reference):
        for suffix in ('', '.f'):
            a, b = self.path(name + suffix), self.path(reference + suffix)
            self.assertEqual(os.path.exists(a), os.path.exists(b), suffix)
            if os.path.exists(a):
                self.assertEqual(subprocess.call(['cmp', a, b]), 0, suffix)

    def identical(self, vmcore, **env):
        reference, codes = self.reference(vmcore)
        results = self.both(WRAPPER, vmcore, 'out', **env)
        self.assertEqual([code for code, _ in results], codes)
        self.same('out', reference)
        for _, err in results:
            self.assertIn(NO_MARKS, err)
        return results

    def same_pages(self, name, reference):
        """All that makedumpfile wrote is there, marks or not."""
        whole = self.path(name), self.path(reference)
        ordered = [self.path(n + '.o') for n in (name, reference)]
        for flat, file in zip(whole, ordered):
            with open(flat + '.f', 'rb') as f:
                subprocess.run(['makedumpfile', '-f', '-R', file], stdin=f,
                               stdout=subprocess.DEVNULL, check=True)
        for ours, plain in (whole, ordered):
            with open(ours, 'rb') as a, open(plain, 'rb') as b:
                a, b = a.read(), b.read()
            # The sub-header says where the notes are.
            self.assertEqual(a[:4096], b[:4096])
            self.assertTrue(a[8192:].startswith(b[8192:]))

    def copy(self, name):
        to = self.path(name)
        subprocess.check_call(['cp', '--reflink=auto', '--sparse=always',
                               VMCORE, to])
        return to

    def test_process_faults(self):
        for fault in ('kill:100', 'segv:100', 'hang:100', 'eat:100'):
            with self.subTest(fault=fault):
                self.identical(VMCORE, LD_PRELOAD=FAULT, FAULT=fault,
                               AMDIOMMU_TIME='1')

    def test_limits(self):
        self.identical(VMCORE, AMDIOMMU_MEMORY='1')
        self.identical(VMCORE, LD_PRELOAD=FAULT, FAULT='spin:1',
                       AMDIOMMU_TIME='1')

    def test_read_errors(self):
        self.identical(VMCORE, LD_PRELOAD=FAULT, FAULT='eio:30')
        self.identical(VMCORE, LD_PRELOAD=FAULT, FAULT='short:30')

    def test_read_errors_that_do_no_harm(self):
        """The analysis goes on with what it has, if that is enough."""
        reference, codes = self.reference(VMCORE)
        made = 0
        for fault in ('eio:600', 'short:600', 'eio:900', 'short:900'):
            results = self.both(WRAPPER, VMCORE, 'out', LD_PRELOAD=FAULT,
                                FAULT=fault)
            self.assertEqual([code for code, _ in results], codes)
            marked = [NO_MARKS not in err for _, err in results]
            if all(marked):
                self.same_pages('out', reference)
                made += 1
            elif not any(marked):
                self.same('out', reference)
        self.assertTrue(made)

    def test_truncated_input(self):
        cut = self.copy('cut')
        try:
            os.truncate(cut, os.path.getsize(cut) // 3)
            reference, codes = self.reference(cut)
            results = self.both(WRAPPER, cut, 'out')
            self.assertEqual([code for code, _ in results], codes)
            if any(NO_MARKS in err for _, err in results) or any(codes):
                self.same('out', reference)
            else:
                self.same_pages('out', reference)
        finally:
            os.unlink(cut)

    def test_no_btf(self):
        name = self.copy('nobtf')
        found = 0
        try:
            with open(name, 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
                at = m.find(BTF_MAGIC)
                while at >= 0:
                    m[at:at + 8] = bytes(8)
                    found += 1
                    at = m.find(BTF_MAGIC, at + 1)
            self.assertTrue(found)
            results = self.identical(name)
            self.assertIn(b'BTF', results[0][1])
        finally:
            os.unlink(name)

    def test_no_iommu(self):
        reference, codes = self.reference(NO_IOMMU)
        results = self.both(WRAPPER, NO_IOMMU, 'out')
        self.assertEqual([code for code, _ in results], codes)
        for _, err in results:
            self.assertNotIn(NO_MARKS, err)
        self.same_pages('out', reference)

    def test_peak_memory(self):
        """Ours; a program that ends at once stands in for makedumpfile."""
        for watch in '01':
            pid = os.fork()
            if not pid:
                quiet = os.open(os.devnull, os.O_RDWR)
                os.dup2(quiet, 1)
                os.execve(WRAPPER, [WRAPPER, '-F', VMCORE],
                          dict(os.environ, AMDIOMMU_WATCH=watch,
                               AMDIOMMU_MAKEDUMPFILE='/bin/true'))
            _, status, usage = os.wait4(pid, 0)
            self.assertEqual(status, 0)
            self.assertLess(usage.ru_maxrss, PEAK_KIB)

    def disk(self, program, size, script):
        """Run on a disk of SIZE bytes; what is there afterwards, kept in
        KEEP, and the exit status."""
        mount = self.path('disk')
        os.makedirs(mount, exist_ok=True)
        keep = tempfile.mkdtemp(dir=self.dir)
        code = subprocess.call(
            [*need_root(), 'unshare', '--mount', 'sh', '-c',
             f'mount -t tmpfs -o size={size} none {mount} || exit 99; '
             f'P={program}; cd {mount}; {script}; code=$?; '
             f'cp -r . {keep}; exit $code'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
        self.assertNotEqual(code, 99)
        return code, keep

    def test_full_disk(self):
        """Too small for the marks, then also for the dump."""
        name, _ = self.reference(VMCORE)
        size = -(-os.path.getsize(self.path(name)) // 4096) * 4096
        flat = -(-os.path.getsize(self.path(name + '.f')) // 4096) * 4096
        for script, room in (
                (f'$P -l -d 31 {VMCORE} out', size),
                (f'$P -l -d 31 {VMCORE} out', size // 2),
                (f'$P -F -l -d 31 {VMCORE} >out', flat),
                (f'$P -F -l -d 31 {VMCORE} >out', flat // 2)):
            with self.subTest(script=script, room=room):
                # Bitmaps go to $TMPDIR, which is elsewhere.
                want, plain = self.disk('makedumpfile', room, script)
                got, ours = self.disk(WRAPPER, room, script)
                self.assertEqual(got, want)
                self.assertEqual(sorted(os.listdir(ours)),
                                 sorted(os.listdir(plain)))
                for file in os.listdir(plain):
                    self.assertEqual(subprocess.call(
                        ['cmp', f'{plain}/{file}', f'{ours}/{file}']), 0)


if __name__ == '__main__':
    sys.argv[1:] = sys.argv[5:]
    testing.main()
