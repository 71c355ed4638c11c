#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""crash> amdiommu against the stand-alone command, on real dumps.

usage: test_crash.py AMDIOMMU AMDIOMMU.SO VMLINUX VMCORE...

$CRASH: the crash to run, with arguments of its own, instead of the one on the
path. $CRASH_TESTS: classes to run, instead of all. $CRASH_REPEAT: how often
to look for leaks.
"""
import fcntl
import json
import os
import pty
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import crash_session
from crash_session import VIEWS, commands, facts

if len(sys.argv) < 5:
    sys.exit(__doc__)
TOOL, SO, VMLINUX = map(os.path.abspath, sys.argv[1:4])
VMCORES = [os.path.abspath(path) for path in sys.argv[4:]]
CRASH = shlex.split(os.environ.get('CRASH', 'crash'))
REPEAT = int(os.environ.get('CRASH_REPEAT', '200'))
BLOCK = 4096
PIPE_SIZE = 4096
F_SETPIPE_SZ = 1031


def standalone(vmcore, words):
    return crash_session.standalone(TOOL, vmcore, words)


class Crash(crash_session.Crash):
    """A session with the extension loaded."""

    def __init__(self, vmcore):
        super().__init__(CRASH, VMLINUX, vmcore)
        self.send(f'extend {SO}')


class SameFacts(unittest.TestCase):
    def compare(self, vmcore):
        crash = Crash(vmcore)
        count = 0
        for question, text, here in crash_session.both(crash, TOOL, vmcore):
            count += 1
            with self.subTest(vmcore=vmcore, question=question):
                said = json.loads(text)
                self.assertEqual(facts(said), facts(here))
                if question == ['report']:
                    self.assertEqual(said['dump']['types'], 'BTF')
        crash.close()
        return count

    def test_every_view_of_every_dump(self):
        for vmcore in VMCORES:
            self.assertGreater(self.compare(vmcore), len(VIEWS) + 2)


def without_page(source, target, pfn):
    """A copy of a kdump file in which one page counts as filtered out."""
    with open(source, 'rb') as file:
        data = bytearray(file.read())
    sub_blocks, bitmap_blocks = struct.unpack_from('<iI', data, 428 + 4)
    bitmap = (1 + sub_blocks + bitmap_blocks // 2) * BLOCK
    descs = (1 + sub_blocks + bitmap_blocks) * BLOCK
    bits = int.from_bytes(data[bitmap:descs], 'little')
    assert bits >> pfn & 1
    rank = bin(bits & ((1 << pfn) - 1)).count('1')
    last = bin(bits).count('1') - 1
    data[descs + 24 * rank:descs + 24 * last] = \
        data[descs + 24 * (rank + 1):descs + 24 * (last + 1)]
    data[bitmap + pfn // 8] &= ~(1 << pfn % 8)
    with open(target, 'wb') as file:
        file.write(data)


class FilteredPages(unittest.TestCase):
    def setUp(self):
        for path in VMCORES:
            with open(path, 'rb') as file:
                if file.read(8) == b'KDUMP   ':
                    self.vmcore = path
                    break
        else:
            self.skipTest('no kdump-compressed dump was given')

    def victim(self):
        """Device, IOVA and page frame of one of its page-table pages."""
        for device in standalone(self.vmcore, ['devices'])['devices']:
            ranges = standalone(self.vmcore, ['map', device['bdf']])['ranges']
            for one in ranges[:1]:
                words = ['translate', device['bdf'], one['iova']]
                steps = standalone(self.vmcore, words).get('steps')
                if steps:
                    return words, int(steps[-1]['table'], 16) >> 12
        self.fail('no device with a page table')

    def test_a_filtered_page_is_not_a_page_of_zeros(self):
        words, pfn = self.victim()
        with tempfile.TemporaryDirectory() as tmp:
            cut = os.path.join(tmp, 'cut')
            without_page(self.vmcore, cut, pfn)
            here = standalone(cut, ['report'])
            self.assertNotEqual(facts(here),
                                facts(standalone(self.vmcore, ['report'])))
            crash = Crash(cut)
            self.compare(crash, words, here)
            crash.send('set zero_excluded on', f'extend -u {SO}',
                       f'extend {SO}')
            made_up = crash.ask(f'rd -p {pfn << 12:x}')
            self.compare(crash, words, here)
            self.assertIn(': 0000000000000000', crash.read(made_up)
                          .replace(':  ', ': '))
            crash.close()

    def compare(self, crash, words, here):
        report = crash.ask('amdiommu -jP')
        step = crash.ask('amdiommu -j ' + ' '.join(words))
        crash.wait()
        self.assertEqual(facts(json.loads(crash.read(report))), facts(here))
        self.assertIn('filtered', crash.read(step))

    def test_flattened(self):
        """crash reads such a stream as it is."""
        if not shutil.which('makedumpfile'):
            self.skipTest('no makedumpfile')
        with tempfile.TemporaryDirectory() as tmp:
            flat = os.path.join(tmp, 'flat')
            with open(flat, 'wb') as file:
                subprocess.run(['makedumpfile', '-F', '-l', '-d', '1',
                                self.vmcore], stdout=file, check=True,
                               stderr=subprocess.DEVNULL)
            crash = Crash(flat)
            name = crash.ask('amdiommu -jP')
            crash.wait()
            said = json.loads(crash.read(name))
            self.assertEqual(facts(said),
                             facts(standalone(flat, ['report'])))
            self.assertTrue(said['dump']['flattened'])
            crash.close()


class Session(unittest.TestCase):
    """All in one session: whatever a test does, the next finds it usable."""

    @classmethod
    def setUpClass(cls):
        cls.crash = Crash(VMCORES[0])

    @classmethod
    def tearDownClass(cls):
        cls.crash.close()

    def test_text_is_the_same_too(self):
        """Where it does not name the dump; options have other names."""
        views = VIEWS[2:]
        names = [self.crash.ask(f'amdiommu -d {view}') for view in views]
        self.crash.wait()
        for view, name in zip(views, names):
            done = subprocess.run([TOOL, view, VMCORES[0], '-d'], check=True,
                                  stdout=subprocess.PIPE, text=True)
            self.assertEqual(self.crash.read(name),
                             done.stdout.replace('(--all: ', '(-a: '), view)

    def test_each_view_has_its_letter(self):
        asked = []
        for c in commands.views():
            rest = ' '.join(['0'] if c.args == 'ADDRESS' else
                            ['0000:00:00.0', '0'][:len(c.args.split())]
                            if c.args and c.args[0] != '[' else [])
            asked.append((c, self.crash.ask(f'amdiommu -{c.letter} {rest}'),
                          self.crash.ask(f'amdiommu {c.name} {rest}')))
        self.crash.wait()
        for c, letter, name in asked:
            self.assertEqual(self.crash.read(letter), self.crash.read(name))
            self.assertNotIn('invalid option', self.crash.read(letter))
        shown = self.crash.ask('help amdiommu')
        self.crash.wait()
        for c in commands.views():
            self.assertIn(f'-{c.letter} {c.name}', self.crash.read(shown))

    def test_pipes_and_files(self):
        self.crash.send('amdiommu -jP | head -3 > head',
                        'amdiommu -v ring | grep -c done > grep')
        whole = self.crash.ask('amdiommu')
        self.crash.wait()
        self.assertEqual(len(self.crash.read('head').splitlines()), 3)
        self.assertGreater(int(self.crash.read('grep')), 0)
        self.assertTrue(self.crash.read(whole).startswith('VERDICT'))

    def test_wrong_arguments_name_the_help(self):
        wrong = ['amdiommu nosuch', 'amdiommu -Z', 'amdiommu -m',
                 'amdiommu -m -r', 'amdiommu -m nonsense', 'amdiommu ring x',
                 'amdiommu who', 'amdiommu translate 00:02.0',
                 'amdiommu report more']
        names = [self.crash.ask(command) for command in wrong]
        no_symbol = self.crash.ask('amdiommu who zz')
        good = self.crash.ask('amdiommu check')
        self.crash.wait()
        for command, name in zip(wrong, names):
            self.assertIn('Enter "help amdiommu"', self.crash.read(name),
                          command)
        self.assertIn("'zz' is not an address", self.crash.read(no_symbol))
        self.assertEqual(len(self.crash.read(good).splitlines()), 1)

    def test_help_names_every_option(self):
        name = self.crash.ask('help amdiommu')
        self.crash.wait()
        text = self.crash.read(name)
        for word in ['-s report', '-c check', '-D devices', '-o domains',
                     '-m map', '-t translate', '-w who', '-r ring', '-l log',
                     '-i irq', '-f flushq', '-p pages', '-v ', '-x ', '-d ', '-j ', '-P ',
                     'EXAMPLES', 'crash> amdiommu']:
            self.assertIn(word, text)

    def test_radix(self):
        ask = self.crash.ask
        names = [ask('amdiommu ring'), ask('amdiommu -x ring')]
        self.crash.send('set radix 16 > radix')
        names += [ask('amdiommu ring'), ask('amdiommu -d ring')]
        self.crash.send('set radix 10 > radix')
        self.crash.wait()
        dec, hexa, default, back = map(self.crash.read, names)
        self.assertIn(' 512 entries', dec)
        self.assertIn(' 0x200 entries', hexa)
        self.assertEqual(default, hexa)
        self.assertEqual(back, dec)

    def test_symbol_as_address(self):
        names = [self.crash.ask('amdiommu -j who init_task'),
                 self.crash.ask('sym init_task')]
        self.crash.wait()
        address = self.crash.read(names[1]).split()[0]
        said = json.loads(self.crash.read(names[0]))
        self.assertEqual(facts(said),
                         facts(standalone(VMCORES[0], ['who', 'init_task'])))
        self.assertEqual(said['phys'],
                         standalone(VMCORES[0], ['who', address])['phys'])

    def test_unload_and_load_again(self):
        first = self.crash.ask('amdiommu -jP')
        self.crash.send(f'extend -u {SO}')
        gone = self.crash.ask('amdiommu')
        self.crash.send(f'extend {SO}')
        again = self.crash.ask('amdiommu -jP')
        self.crash.wait()
        self.assertNotIn('VERDICT', self.crash.read(gone))
        self.assertEqual(self.crash.read(first), self.crash.read(again))

    def memory(self, field):
        with open(f'/proc/{self.crash.process.pid}/status') as file:
            return int(file.read().split(field + ':')[1].split()[0], 0)

    def files(self):
        """Open files; crash itself loses some of /proc on Ctrl-C."""
        fds = f'/proc/{self.crash.process.pid}/fd'
        names = [os.readlink(os.path.join(fds, fd)) for fd in os.listdir(fds)]
        return sum(not name.startswith('/proc') for name in names)

    def repeat(self, count):
        for _ in range(count):
            self.crash.send('amdiommu -jP > /dev/null', 'amdiommu -m > x',
                            'amdiommu -jv ring | head -1 > x')
        self.crash.wait()

    def test_many_times_leak_nothing(self):
        self.repeat(20)
        before, files = self.memory('VmData'), self.files()
        self.repeat(REPEAT)
        self.assertLess(self.memory('VmData') - before, 200)
        self.assertEqual(self.files(), files)

    def test_ctrl_c_during_the_output(self):
        whole = self.crash.ask('amdiommu -jv ring')
        self.crash.wait()
        size, files = os.path.getsize(self.crash.path(whole)), self.files()
        self.assertGreater(size, 8 * PIPE_SIZE)
        fifo = self.crash.path('fifo')
        os.mkfifo(fifo)
        for _ in range(5):
            reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            fcntl.fcntl(reader, F_SETPIPE_SZ, PIPE_SIZE)
            self.crash.send('amdiommu -jv ring > fifo')
            select.select([reader], [], [], 60)
            os.set_blocking(reader, True)
            os.kill(self.crash.process.pid, signal.SIGINT)
            with open(reader, 'rb') as file:
                self.assertLess(len(file.read()), size)
            self.crash.wait()
            self.assertEqual(self.files(), files)
        name = self.crash.ask('amdiommu -jv ring')
        self.crash.wait()
        self.assertEqual(self.crash.read(name), self.crash.read(whole))

    def test_refuses_another_version_of_crash(self):
        """An extension that claims to be built for another version."""
        done = subprocess.run([*CRASH, '--version'], stdout=subprocess.PIPE,
                              text=True)
        version = done.stdout.split('crash ')[1].split()[0].encode()
        with open(SO, 'rb') as file:
            code = file.read()
        self.assertIn(version + b'\0', code)
        other = self.crash.path('other.so')
        with open(other, 'wb') as file:
            file.write(code.replace(version + b'\0',
                                    b'9' * len(version) + b'\0'))
        self.crash.send(f'extend -u {SO}')
        said = self.crash.ask(f'extend {other}')
        name = self.crash.ask('amdiommu')
        self.crash.send(f'extend {SO}')
        again = self.crash.ask('amdiommu')
        self.crash.wait()
        self.assertIn('built for crash', self.crash.read(said))
        self.assertNotIn('VERDICT', self.crash.read(name))
        self.assertIn('VERDICT', self.crash.read(again))


class Terminal(unittest.TestCase):
    """Ctrl-C as typed: without a terminal crash ignores it inside gdb."""

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.pid, self.tty = pty.fork()
        if not self.pid:
            os.chdir(self.dir)
            os.execvpe(CRASH[0], [*CRASH, '-s', VMLINUX, VMCORES[0]],
                       dict(os.environ, HOME=self.dir, TERM='dumb'))
        threading.Thread(target=self.swallow, daemon=True).start()
        self.run_one(f'extend {SO}')

    def swallow(self):
        try:
            while os.read(self.tty, 65536):
                pass
        except OSError:
            pass

    def type(self, command):
        os.write(self.tty, command.encode() + b'\n')

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_one(self, command=None):
        """Carry out one command: Ctrl-C empties the terminal's queue."""
        if command:
            self.type(command)
        self.type('!touch here')
        end = time.monotonic() + 300
        while not os.path.exists(self.path('here')):
            self.assertLess(time.monotonic(), end)
            self.assertEqual(os.waitpid(self.pid, os.WNOHANG), (0, 0))
            time.sleep(0.02)
        os.unlink(self.path('here'))

    def tearDown(self):
        self.type('quit')
        self.assertEqual(os.waitpid(self.pid, 0)[1], 0)
        os.close(self.tty)
        shutil.rmtree(self.dir)

    def test_ctrl_c_before_there_is_output(self):
        expected = facts(standalone(VMCORES[0], ['report']))
        for delay in (0, 0.01, 0.03, 0.1, 0.3):
            self.run_one(f'extend -u {SO}')
            self.run_one(f'extend {SO}')
            self.run_one('!rm -f out')
            self.type('amdiommu -jP > out')
            time.sleep(delay)
            os.write(self.tty, b'\x03')
            time.sleep(0.5)
            self.run_one()
            # The analysis takes a moment only: it was ended, or it is whole.
            if os.path.exists(self.path('out')) and \
               os.path.getsize(self.path('out')):
                with open(self.path('out')) as file:
                    self.assertEqual(facts(json.load(file)), expected)
            self.run_one('amdiommu -jP > out')
            with open(self.path('out')) as file:
                self.assertEqual(facts(json.load(file)), expected)


def main():
    missing = [path for path in (TOOL, SO, VMLINUX, *VMCORES)
               if not os.path.exists(path)]
    if not shutil.which(CRASH[0]):
        missing.append('crash(8)')
    if missing:
        print('cannot run here, missing: ' + ', '.join(missing))
        return 77
    chosen = os.environ.get('CRASH_TESTS', '').split()
    result = unittest.main(argv=[sys.argv[0], *chosen], exit=False,
                           verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f'{result.testsRun - failed - skipped} passed, {failed} failed'
          f'{f", {skipped} skipped" if skipped else ""}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
