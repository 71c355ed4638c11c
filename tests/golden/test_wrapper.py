#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""makedumpfile-amdiommu: the dump is worth more than the marks.

usage: test_wrapper.py WRAPPER FAULT.so AMDIOMMU SAMPLE

A script plays makedumpfile: it "dumps" by copying its input, as a file or as
a flattened stream. The sample is the input, so that the analysis is real.
"""
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

WRAPPER, FAULT, TOOL, SAMPLE = map(os.path.abspath, sys.argv[1:5])
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lab'))
import marks                                            # noqa: E402
import testing                                          # noqa: E402
NO_MARKS = 'amdiommu: no marks: '

FAKE = r'''#!/usr/bin/python3
import os, struct, sys, time
with open(os.environ['CALLS'], 'a') as f:
    f.write('\0'.join(sys.argv[1:]) + '\n')
files = [a for a in sys.argv[1:] if not a.startswith('-')]
if os.environ.get('FAKE_SIGNAL'):
    os.kill(os.getpid(), int(os.environ['FAKE_SIGNAL']))
if os.environ.get('FAKE_EXIT'):
    sys.exit(int(os.environ['FAKE_EXIT']))
if os.environ.get('FAKE_SLEEP'):
    open(os.environ['CALLS'] + '.up', 'w').close()
    time.sleep(float(os.environ['FAKE_SLEEP']))
if '-F' in sys.argv:
    data = open(files[0], 'rb').read(int(os.environ.get('FAKE_BYTES', -1)))
    out = sys.stdout.buffer
    out.write(b'makedumpfile'.ljust(16, b'\0') + struct.pack('>2q', 1, 1) +
              bytes(4064))
    step = 60000
    for at in range(0, len(data), step):
        part = data[at:at + step]
        out.write(struct.pack('>2q', at, len(part)) + part)
        out.flush()
    out.write(struct.pack('>2q', -1, -1))
elif '--split' in sys.argv:
    for name in files[1:]:
        open(name, 'wb').write(open(files[0], 'rb').read())
elif len(files) > 1:
    open(files[-1], 'wb').write(open(files[0], 'rb').read())
'''

# What ends the analysis, and what is said about it. At the 40th read it is
# well on its way.
FAULTS = {
    'kill:40': 'signal 9',
    'segv:40': 'signal 11',
    'hang:40': 'no result after 1 s',
    'spin:40': 'no result after 1 s',
    'eat:40': '',
    'eio:1': '',
    'short:1': '',
}


class Bench(unittest.TestCase):
    """A folder with a makedumpfile on PATH."""

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.bin = self.path('bin')
        os.mkdir(self.bin)
        self.fake(self.bin)
        self.calls = self.path('calls')
        self.env = dict(os.environ, PATH=self.bin + ':/usr/bin:/bin',
                        CALLS=self.calls)
        for name in list(self.env):
            if name.startswith('AMDIOMMU'):
                del self.env[name]
        with open(SAMPLE, 'rb') as f:
            self.plain = f.read()

    def fake(self, folder):
        name = folder + '/makedumpfile'
        with open(name, 'w') as f:
            f.write(FAKE)
        os.chmod(name, 0o755)

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), 'rb') as f:
            return f.read()

    def run_it(self, *args, program=WRAPPER, stdout=subprocess.PIPE, **env):
        done = subprocess.run([program, *args], cwd=self.dir, timeout=60,
                              env=dict(self.env, **env), stdout=stdout,
                              stderr=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr.decode()

    def same_but_for_notes(self, name):
        """The sub-header says where the notes are."""
        data = self.read(name)
        self.assertEqual(data[:4096], self.plain[:4096])
        self.assertEqual(data[8192:len(self.plain)], self.plain[8192:])

    def called(self):
        with open(self.calls) as f:
            return [line.split('\0') for line in f.read().splitlines()]


class Passing(Bench):
    """What writes no dump goes straight to makedumpfile."""

    def test_other_commands_pass(self):
        for args in (['-v'], ['-h'], ['--help'], ['--mem-usage', 'in'],
                     ['--dump-dmesg', 'in', 'out'], ['-R', 'out'],
                     ['-g', 'info', '-x', 'vmlinux'], ['in'], [],
                     ['--dry-run', 'in', 'out'], ['--check-params', 'in', 'out'],
                     ['--no-such-option', 'in', 'out'], ['-d', '31']):
            with self.subTest(args=args):
                code, _, err = self.run_it(*args, FAKE_EXIT='3')
                self.assertEqual((code, err), (3, ''))
                self.assertEqual(self.called()[-1], args or [''])
        self.assertNotIn('in.amdiommu', os.listdir(self.dir))

    def test_exit_status_is_makedumpfiles(self):
        for args in (['-v'], [SAMPLE, 'out'], ['-F', SAMPLE]):
            for code in (0, 1, 77, 255):
                got = self.run_it(*args, FAKE_EXIT=str(code))[0]
                self.assertEqual(got, code, args)
            for number in (signal.SIGKILL, signal.SIGUSR1, signal.SIGTERM):
                got = self.run_it(*args, FAKE_SIGNAL=str(int(number)))[0]
                self.assertEqual(got, -number, args)

    def test_switched_off(self):
        code, _, err = self.run_it(SAMPLE, 'out', AMDIOMMU_OFF='1')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(self.read('out'), self.plain)
        code, _, err = self.run_it('--amdiommu-off', SAMPLE, 'out2')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(self.called()[-1], [SAMPLE, 'out2'])

    def test_own_settings_do_not_reach_makedumpfile(self):
        self.run_it('--amdiommu-time=5', '-d', '31', SAMPLE,
                    '--amdiommu-memory=1', 'out')
        self.assertEqual(self.called()[-1], ['-d', '31', SAMPLE, 'out'])

    def test_signals_reach_makedumpfile(self):
        for args in ([SAMPLE, 'out'], ['-F', SAMPLE]):
            with self.subTest(args=args):
                p = subprocess.Popen(
                    [WRAPPER, *args], cwd=self.dir, stderr=subprocess.PIPE,
                    stdout=subprocess.PIPE, env=dict(self.env, FAKE_SLEEP='30'))
                up = self.calls + '.up'
                while not os.path.exists(up):
                    time.sleep(0.02)
                p.terminate()
                p.communicate(timeout=20)
                self.assertEqual(p.returncode, -signal.SIGTERM)
                os.unlink(up)

    def test_makedumpfile_outlives_the_wrapper(self):
        p = subprocess.Popen([WRAPPER, SAMPLE, 'out'], cwd=self.dir,
                             stderr=subprocess.DEVNULL,
                             env=dict(self.env, FAKE_SLEEP='1'))
        while not os.path.exists(self.calls + '.up'):
            time.sleep(0.02)
        p.kill()
        p.wait()
        for _ in range(100):
            if os.path.exists(self.path('out')) and \
                    len(self.read('out')) == len(self.plain):
                break
            time.sleep(0.05)
        self.assertEqual(self.read('out'), self.plain)

    def test_reader_of_the_stream_goes_away(self):
        read, write = os.pipe()
        os.close(read)
        try:
            code = self.run_it('-F', SAMPLE, stdout=write)[0]
        finally:
            os.close(write)
        self.assertNotEqual(code, 0)

    def test_no_room_for_what_makedumpfile_had_written(self):
        """The pipe took all, and makedumpfile was done."""
        with open('/dev/full', 'wb') as full:
            code, _, err = self.run_it('-F', SAMPLE, stdout=full,
                                       FAKE_BYTES='1000')
        self.assertEqual(code, 1, err)

    def test_callers_that_ignore_sigchld(self):
        ignoring = ['/usr/bin/env', '--ignore-signal=CHLD', WRAPPER]
        for args in ([SAMPLE, 'out'], ['-F', SAMPLE]):
            code, _, err = self.run_it(*ignoring[1:], *args,
                                       program=ignoring[0])
            self.assertEqual((code, err), (0, ''), args)
        code = self.run_it(*ignoring[1:], SAMPLE, 'out', FAKE_EXIT='3',
                           program=ignoring[0])[0]
        self.assertEqual(code, 3)


class Finding(Bench):
    """Which makedumpfile is run."""

    def test_never_itself(self):
        first, second = self.path('first'), self.path('second')
        for folder in first, second:
            os.mkdir(folder)
            shutil.copy(WRAPPER, folder + '/makedumpfile')
        os.mkdir(self.path('third'))
        os.symlink(first + '/makedumpfile', self.path('third/makedumpfile'))
        path = ':'.join([self.path('third'), first, second, self.bin])
        for program in (WRAPPER, first + '/makedumpfile',
                        self.path('third/makedumpfile')):
            code, _, _ = self.run_it('-v', program=program, PATH=path,
                                     FAKE_EXIT='9')
            self.assertEqual(code, 9, program)
        self.assertEqual(len(self.called()), 3)

    def test_named(self):
        other = self.path('other')
        os.mkdir(other)
        self.fake(other)
        code, _, _ = self.run_it('-v', PATH='/nonexistent', FAKE_EXIT='5',
                                 AMDIOMMU_MAKEDUMPFILE=other + '/makedumpfile')
        self.assertEqual(code, 5)

    def works(self, *args, **env):
        """There is a dump; returns what was said."""
        code, out, err = self.run_it(*args, SAMPLE, 'out', **env)
        self.assertEqual(code, 0, err)
        self.same_but_for_notes('out')
        os.unlink(self.path('out'))
        return err

    def test_a_typo(self):
        err = self.works(AMDIOMMU_MAKEDUMPFILE='/no/such')
        self.assertEqual(err, 'makedumpfile-amdiommu: AMDIOMMU_MAKEDUMPFILE='
                         '/no/such is not a program that can stand in for '
                         'makedumpfile; looking for another one\n')
        self.works(AMDIOMMU_MAKEDUMPFILE='/no/such', AMDIOMMU_OFF='1')

    def test_no_programs(self):
        """What has the name first, and cannot be run"""
        first = self.path('first')
        os.mkdir(first)
        name = first + '/makedumpfile'
        with open('/bin/true', 'rb') as f:
            program = f.read()
        with open(WRAPPER, 'rb') as f:
            ours = f.read()

        def file(content):
            with open(name, 'wb') as f:
                f.write(content)
            os.chmod(name, 0o755)

        makers = {
            'directory': lambda: os.mkdir(name),
            'fifo': lambda: os.mkfifo(name, 0o755),
            'dangling': lambda: os.symlink('/no/such', name),
            'loop': lambda: os.symlink(name, name),
            'empty': lambda: file(b''),
            'text': lambda: file(b'no program\n'),
            'no interpreter': lambda: file(b'#!/no/such\n'),
            'exits with 127': lambda: file(b'#!/bin/sh\nexit 127\n'),
            'crashes': lambda: file(b'#!/bin/sh\nkill -SEGV $$\n'),
            'other machine': lambda: file(program[:18] + b'\xff\xff' +
                                          program[20:]),
            'itself': lambda: os.symlink(WRAPPER, name),
            'script of itself': lambda: file(
                f'#!/bin/sh\nexec {WRAPPER} "$@"\n'.encode()),
            'longer copy': lambda: file(ours + b'more'),
        }
        for cut in 1, 64, 700, 5000, len(program) // 2:
            makers[f'cut at {cut}'] = lambda cut=cut: file(program[:cut])
        for what, make in makers.items():
            make()
            for env in (dict(PATH=first + ':' + self.env['PATH']),
                        dict(AMDIOMMU_MAKEDUMPFILE=name)):
                for off in '0', '1':
                    with self.subTest(what=what, env=env, off=off):
                        self.works(AMDIOMMU_OFF=off, **env)
            if os.path.isdir(name) and not os.path.islink(name):
                os.rmdir(name)
            else:
                os.unlink(name)

    def test_a_stream_of_the_next_one(self):
        first = self.path('first')
        os.mkdir(first)
        with open(first + '/makedumpfile', 'w') as f:
            f.write('#!/bin/sh\nkill -SEGV $$\n')
        os.chmod(first + '/makedumpfile', 0o755)
        for env in {}, {'AMDIOMMU_MEMORY': '0'}:
            code, out, err = self.run_it('-F', SAMPLE, PATH=first + ':' +
                                         self.env['PATH'], **env)
            self.assertEqual(code, 0)
            with open(self.path('out'), 'wb') as f:
                f.write(unflatten(out))
            self.same_but_for_notes('out')
            self.assertIn('ended by signal 11', err)
            with open(self.path('flat'), 'wb') as f:
                code, _, err = self.run_it('-F', SAMPLE, stdout=f,
                                           PATH=first + ':' + self.env['PATH'],
                                           **env)
            self.assertEqual(code, 0, err)
            with open(self.path('out'), 'wb') as f:
                f.write(unflatten(self.read('flat')))
            self.same_but_for_notes('out')


class Descriptors(Bench):
    """Standard descriptors that are closed"""

    def closed(self, which, *args, **env):
        """Exit status; what is closed is closed for makedumpfile, too"""
        def close():
            for fd in which:
                os.close(fd)
        return subprocess.run([WRAPPER, *args], cwd=self.dir, timeout=60,
                              env=dict(self.env, **env), preexec_fn=close,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode

    def test_file(self):
        for number in range(8):
            which = [fd for fd in range(3) if number >> fd & 1]
            with self.subTest(which=which):
                self.assertEqual(self.closed(which, SAMPLE, 'out'), 0)
                self.same_but_for_notes('out')
                self.assertGreater(len(self.read('out')), len(self.plain))

    def test_stream_to_nowhere(self):
        self.assertNotEqual(self.closed([1], '-F', SAMPLE), 0)


class Places(Bench):
    """What others have where the sidecar goes"""

    def make(self, kind, name):
        with open(self.path('foreign'), 'w') as f:
            f.write('hers')
        {'text': lambda: os.rename(self.path('foreign'), name),
         'empty': lambda: open(name, 'w').close(),
         'fifo': lambda: os.mkfifo(name),
         'folder': lambda: os.mkdir(name),
         'link': lambda: os.symlink('foreign', name),
         'dangling': lambda: os.symlink('/no/such', name),
         'hard link': lambda: os.link(self.path('foreign'), name),
         }[kind]()

    def look(self):
        """What is there besides the dump, and the content of files"""
        found = {}
        for name in sorted(os.listdir(self.dir)):
            path = self.path(name)
            found[name] = (os.lstat(path).st_ino, self.read(name)
                           if os.path.isfile(path) else None)
        for name in 'out', 'calls', 'a', 'b':
            found.pop(name, None)
        return found

    def test_nothing_is_lost(self):
        kinds = 'text empty fifo folder link dangling'.split() + ['hard link']
        for kind in kinds:
            for name in 'out.amdiommu', 'out.amdiommu.new':
                for memory in '0', '64':
                    with self.subTest(kind=kind, name=name, memory=memory):
                        self.make(kind, self.path(name))
                        before = self.look()
                        code = self.run_it(SAMPLE, 'out',
                                           AMDIOMMU_MEMORY=memory)[0]
                        self.assertEqual(code, 0)
                        self.same_but_for_notes('out')
                        after = self.look()
                        if name.endswith('.new'):
                            after.pop('out.amdiommu', None)
                        self.assertEqual(after, before)
                    for left in 'out', 'foreign', 'out.amdiommu', name:
                        path = self.path(left)
                        if os.path.isdir(path) and not os.path.islink(path):
                            os.rmdir(path)
                        elif os.path.lexists(path):
                            os.unlink(path)

    def test_a_first_part_of_others(self):
        for kind in 'text', 'empty', 'fifo', 'folder', 'link', 'dangling':
            for name in 'ab':
                shutil.copy(SAMPLE, self.path(name))
            self.make(kind, self.path('a.amdiommu'))
            code, _, err = self.run_it('--reassemble', 'a', 'b', 'out')
            self.assertEqual(code, 0)
            self.assertEqual(self.read('out'), self.plain)
            self.assertEqual(len(err.splitlines()), 1)
            path = self.path('a.amdiommu')
            (os.rmdir if kind == 'folder' else os.unlink)(path)


def default_signals():
    """Run before exec: nohup and the like have some ignored."""
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)


class Ending(Bench):
    """SIGTERM ends it, whatever it is doing."""

    def ends(self, p, number=signal.SIGTERM):
        time.sleep(0.5)
        p.send_signal(number)
        p.wait(timeout=60)
        self.assertNotEqual(p.returncode, 0)

    def start(self, *args, stdout=subprocess.DEVNULL, **env):
        return subprocess.Popen([WRAPPER, *args], cwd=self.dir,
                                env=dict(self.env, **env), stdout=stdout,
                                stderr=subprocess.DEVNULL,
                                preexec_fn=default_signals)

    def test_in_the_analysis(self):
        self.ends(self.start(SAMPLE, 'out', LD_PRELOAD=FAULT, FAULT='hang:40'))

    def test_afterwards(self):
        """A disk hangs while the marks are put into the dump."""
        p = self.start(SAMPLE, 'out', LD_PRELOAD=FAULT, FAULT='hangwrite:2')
        while not os.path.exists(self.path('out')):
            time.sleep(0.02)
        self.ends(p)
        self.same_but_for_notes('out')

    def test_nobody_reads_the_stream(self):
        for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
            read, write = os.pipe()
            try:
                self.ends(self.start('-F', SAMPLE, stdout=write), number)
            finally:
                os.close(read)
                os.close(write)


class Options(Bench):
    """Options of its own"""

    def test_mistakes_are_one_line(self):
        for word in ('nonsense', 'watsch=1', '', '=1', 'time', 'time=', 'time=x',
                     'time=-1', 'time=86401', 'memory=1x', 'memory=1e3',
                     'watch=maybe', 'watch-pages=0', 'sidecar', 'help=1',
                     'help', 'version'):
            with self.subTest(word=word):
                code, _, err = self.run_it('--amdiommu-' + word, SAMPLE, 'out')
                self.assertEqual(code, 0)
                self.assertEqual(len(err.splitlines()), 1, err)
                self.assertIn('--amdiommu-' + word, err)
                self.assertEqual(self.called()[-1], [SAMPLE, 'out'])
                self.same_but_for_notes('out')

    def test_help(self):
        for word, answer in (('help', b'--amdiommu-memory=N'),
                             ('version', b'makedumpfile-amdiommu 0')):
            code, out, err = self.run_it('--amdiommu-' + word)
            self.assertEqual((code, err), (0, ''))
            self.assertIn(answer, out)
        self.assertFalse(os.path.exists(self.calls))


def unflatten(stream):
    """The file that a flattened stream stands for."""
    at, out = 4096, bytearray()
    while True:
        offset, size = struct.unpack_from('>2q', stream, at)
        at += 16
        if (offset, size) == (-1, -1):
            break
        out.extend(bytes(max(0, offset + size - len(out))))
        out[offset:offset + size] = stream[at:at + size]
        at += size
    assert at == len(stream)
    return bytes(out)


class Delivery(Bench):
    """Where the marks go when all is well."""

    def setUp(self):
        super().setUp()
        self.report = json.loads(subprocess.check_output(
            [TOOL, 'report', SAMPLE, '--json', '--pages']))

    def check(self, name, watched=False):
        """NAME has marks, and is otherwise what it would be."""
        found, observed = marks.marks_of(self.path(name), TOOL)
        self.assertEqual(marks.pages_of(found), marks.pages_of(self.report))
        self.assertEqual(found['verdict'], self.report['verdict']['value'])
        self.assertTrue(found['agreement']['agrees'])
        self.assertEqual(observed is not None, watched)
        if watched:
            self.assertEqual(observed['pfns'], [])
            self.assertGreater(observed['watched'], 400)
            self.assertLess(observed['first'][1], observed['second'][0])
        self.same_but_for_notes(name)
        again = subprocess.check_output([TOOL, 'report', self.path(name),
                                         '--json', '--pages'])
        self.assertEqual(json.loads(again)['exposures'],
                         self.report['exposures'])

    def test_file(self):
        code, _, err = self.run_it('-d31', SAMPLE, 'out')
        self.assertEqual((code, err), (0, ''))
        self.check('out')
        self.assertFalse(os.path.exists(self.path('out.amdiommu')))

    def test_sidecar_of_an_earlier_dump_goes(self):
        self.run_it(SAMPLE, 'out', AMDIOMMU_MEMORY='0')
        self.assertTrue(os.path.exists(self.path('out.amdiommu')))
        self.run_it(SAMPLE, 'out')
        self.assertFalse(os.path.exists(self.path('out.amdiommu')))

    def test_watched(self):
        code, _, err = self.run_it('--amdiommu-watch', SAMPLE, 'out')
        self.assertEqual((code, err), (0, ''))
        self.check('out', watched=True)

    def test_streams(self):
        """Through a pipe, and straight into a file."""
        code, piped, err = self.run_it('-F', SAMPLE)
        self.assertEqual((code, err), (0, ''))
        with open(self.path('flat'), 'wb') as f:
            code, _, err = self.run_it('-F', SAMPLE, stdout=f)
        self.assertEqual((code, err), (0, ''))
        for stream in (piped, self.read('flat')):
            with open(self.path('out'), 'wb') as f:
                f.write(unflatten(stream))
            self.check('out')

    def test_stream_appended_to_a_file(self):
        with open(self.path('flat'), 'wb') as f:
            f.write(b'before')
        with open(self.path('flat'), 'ab') as f:
            code, _, err = self.run_it('-F', SAMPLE, stdout=f)
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(self.read('flat')[:6], b'before')
        with open(self.path('out'), 'wb') as f:
            f.write(unflatten(self.read('flat')[6:]))
        self.check('out')

    def test_a_small_stack(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_STACK, (64 << 10, 64 << 10))
        name = self.bin + '/makedumpfile'       # which needs more
        os.rename(name, self.path('fake'))
        with open(name, 'w') as f:
            f.write(f'#!/bin/sh\ncat {self.path("stream")}\n')
        os.chmod(name, 0o755)
        with open(self.path('stream'), 'wb') as f:
            f.write(subprocess.run([self.path('fake'), '-F', SAMPLE], env=self.env,
                                   stdout=subprocess.PIPE, check=True).stdout)
        done = subprocess.run([WRAPPER, '-F', SAMPLE], env=self.env,
                              stdout=subprocess.PIPE, preexec_fn=limit)
        self.assertEqual(done.returncode, 0)
        with open(self.path('out'), 'wb') as f:
            f.write(unflatten(done.stdout))
        self.same_but_for_notes('out')

    def test_parts_and_whole(self):
        code, _, err = self.run_it('--split', SAMPLE, 'a', 'b')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(self.read('a'), self.plain)
        self.assertEqual(self.read('b'), self.plain)
        self.assertTrue(self.read('a.amdiommu'))
        code, _, err = self.run_it('--reassemble', 'a', 'b', 'out')
        self.assertEqual((code, err), (0, ''))
        self.check('out')

    def test_parts_without_marks(self):
        for name in 'ab':
            shutil.copy(SAMPLE, self.path(name))
        code, _, err = self.run_it('--reassemble', 'a', 'b', 'out')
        self.assertEqual(code, 0)
        self.assertIn('a.amdiommu cannot be read', err)
        self.assertEqual(self.read('out'), self.plain)

    def test_no_room_for_marks(self):
        for fault in ('nospace:1', 'nospace:3'):
            code, _, err = self.run_it(SAMPLE, 'out', LD_PRELOAD=FAULT,
                                       FAULT=fault)
            self.assertEqual(code, 0)
            self.assertEqual(self.read('out'), self.plain, err)

    def test_no_sidecar_for_a_device(self):
        os.mkfifo(self.path('pipe'))
        reader = subprocess.Popen(['cat', self.path('pipe')],
                                  stdout=subprocess.DEVNULL)
        code, _, err = self.run_it(SAMPLE, 'pipe')
        reader.wait(timeout=20)
        self.assertEqual(code, 0, err)
        self.assertIn('not a regular file', err)
        self.assertFalse(os.path.exists(self.path('pipe.amdiommu')))

    def test_renamed_later(self):
        """kdump-utils calls it vmcore when all is done."""
        code, _, _ = self.run_it(SAMPLE, 'vmcore-incomplete',
                                 AMDIOMMU_TIME='0', LD_PRELOAD=FAULT,
                                 FAULT='hang:1')
        self.assertEqual(code, 0)
        self.assertEqual(self.read('vmcore-incomplete'), self.plain)
        self.assertIn(b'no marks', self.read('vmcore.amdiommu'))


class Faults(Bench):
    """Whatever becomes of the analysis, the dump is makedumpfile's own."""

    def check(self, why, **env):
        code, _, err = self.run_it(SAMPLE, 'out', **env)
        self.assertEqual(code, 0, err)
        self.assertIn(NO_MARKS, err)
        self.assertIn(why, err)
        self.assertEqual(self.read('out'), self.plain)
        self.assertIn(why, self.read('out.amdiommu').decode())
        os.unlink(self.path('out.amdiommu'))
        stream = self.run_it('-F', SAMPLE, PATH=self.bin, **env)
        plain = self.run_it('-F', SAMPLE,
                            program=self.bin + '/makedumpfile')
        self.assertEqual(stream[0], 0)
        self.assertIn(why, stream[2])
        self.assertEqual(stream[1], plain[1])

    def test_analysis_faults(self):
        for fault, why in FAULTS.items():
            with self.subTest(fault=fault):
                self.check(why, LD_PRELOAD=FAULT, FAULT=fault,
                           AMDIOMMU_TIME='1')

    def test_read_error_half_way(self):
        """Then the analysis goes on with what it has."""
        for at in (40, 100, 300, 500, 800):
            for fault in ('eio', 'short'):
                code, _, err = self.run_it(
                    SAMPLE, 'out', LD_PRELOAD=FAULT, FAULT=f'{fault}:{at}',
                    AMDIOMMU_TIME='10')
                self.assertEqual(code, 0, err)
                if NO_MARKS in err:
                    self.assertEqual(self.read('out'), self.plain)
                else:
                    self.same_but_for_notes('out')

    def test_memory_limits(self):
        failed = 0
        for mib in (0, 1, 2, 3, 4, 6, 8, 12, 16):
            code, _, err = self.run_it(SAMPLE, 'out',
                                       AMDIOMMU_MEMORY=str(mib))
            self.assertEqual(code, 0, err)
            if NO_MARKS in err:
                failed += 1
                self.assertEqual(self.read('out'), self.plain)
            else:
                self.same_but_for_notes('out')
        self.assertGreater(failed, 2)

    def test_time_limit(self):
        self.check('no result after 0 s', AMDIOMMU_TIME='0',
                   LD_PRELOAD=FAULT, FAULT='hang:1')

    def test_nonsense_for_settings(self):
        for value in ('-1', 'x', '1x', '99999999999'):
            code, _, err = self.run_it(SAMPLE, 'out', AMDIOMMU_TIME=value,
                                       AMDIOMMU_MEMORY=value)
            self.assertEqual(code, 0)
            self.assertEqual([line.split('=')[0] for line in err.splitlines()],
                             ['makedumpfile-amdiommu: AMDIOMMU_TIME',
                              'makedumpfile-amdiommu: AMDIOMMU_MEMORY'])
        code, _, err = self.run_it(SAMPLE, 'out', AMDIOMMU_TIME='')
        self.assertEqual((code, err), (0, ''))

    def test_advice_on_memory(self):
        for mib in 2, 3, 4, 5, 6, 8:
            err = self.run_it(SAMPLE, 'out', AMDIOMMU_MEMORY=str(mib))[2]
            if 'memory' in err:
                self.assertIn('AMDIOMMU_MEMORY', err)

    def test_inputs_that_are_none(self):
        with open(self.path('text'), 'w') as f:
            f.write('no dump\n' * 1000)
        with open(self.path('empty'), 'w'):
            pass
        with open(self.path('cut'), 'wb') as f:
            f.write(self.plain[:len(self.plain) // 20])
        for name in ('text', 'empty', 'cut'):
            with self.subTest(name=name):
                code, _, err = self.run_it(name, 'out')
                self.assertEqual(code, 0)
                self.assertIn(NO_MARKS, err)
                self.assertEqual(self.read('out'), self.read(name))
        self.assertEqual(self.run_it('missing', 'out')[0], 1)

    def test_an_input_without_end(self):
        os.mkfifo(self.path('fifo'))
        code, _, err = self.run_it('fifo', 'out', AMDIOMMU_TIME='1',
                                   FAKE_EXIT='4')
        self.assertEqual(code, 4)
        self.assertIn(NO_MARKS, err)


if __name__ == '__main__':
    sys.argv[1:] = sys.argv[5:]
    testing.main()
