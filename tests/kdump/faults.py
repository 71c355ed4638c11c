#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The wrapper around each released makedumpfile, under faults.

usage: faults.py AMDIOMMU WRAPPER FAULT.so GIT [VERSION...]

GIT: a clone of makedumpfile's repository (releases.py). Standard descriptors that
are closed, in all combinations; what others have in the places of our files;
programs called makedumpfile that are none, or damaged; limits; faults in the
analysis and in what follows it; signals at each stage; settings.

Each time the dump is byte for byte what makedumpfile alone writes under the same
conditions (but for the note and the sub-header that points to it), or there is
one where makedumpfile alone writes none; and files of others are what they were.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lab'))

import releases                                         # noqa: E402
from check import Results                               # noqa: E402
from workdir import CannotRun, Failed, path             # noqa: E402

CANNOT_RUN = 77
LEVEL = ['-l', '-d', '31']
SECONDS = 120
END = b'\xff' * 16
FOREIGN = b'hers\n'
KINDS = ('text', 'empty', 'fifo', 'folder', 'link', 'dangling', 'loop',
         'hard link', 'socket', 'device', 'unreadable')


def content(name):
    if not os.path.isfile(name):
        return None
    with open(name, 'rb') as f:
        return f.read()


def place(kind, name, foreign):
    """What others have at NAME; FOREIGN is a file of theirs"""
    if kind == 'text':
        shutil.copy(foreign, name)
    elif kind == 'empty':
        open(name, 'wb').close()
    elif kind == 'fifo':
        os.mkfifo(name)
    elif kind == 'folder':
        os.mkdir(name)
    elif kind == 'link':
        os.symlink(foreign, name)
    elif kind == 'dangling':
        os.symlink('/no/such', name)
    elif kind == 'loop':
        os.symlink(name, name)
    elif kind == 'hard link':
        os.link(foreign, name)
    elif kind == 'socket':
        subprocess.run([sys.executable, '-c', 'import socket, sys; socket.'
                        'socket(socket.AF_UNIX).bind(sys.argv[1])', name],
                       check=True)
    elif kind == 'device':
        os.mknod(name, 0o600 | 0o020000, os.makedev(1, 7))
    elif kind == 'unreadable':
        shutil.copy(foreign, name)
        os.chmod(name, 0)


def programs(real, wrapper):
    """{what: function that puts it at a name}, none of which starts"""
    elf, ours = content(real), content(wrapper)

    def file(data, mode=0o755):
        def make(name):
            with open(name, 'wb') as f:
                f.write(data)
            os.chmod(name, mode)
        return make

    def patched(at, data):
        return file(elf[:at] + data + elf[at + len(data):])

    found = {
        'a directory': os.mkdir,
        'a FIFO': lambda name: os.mkfifo(name, 0o755),
        'a dangling link': lambda name: os.symlink('/no/such', name),
        'a loop of links': lambda name: os.symlink(name, name),
        'a device': lambda name: os.mknod(name, 0o777 | 0o020000,
                                          os.makedev(1, 7)),
        'an empty file': file(b''),
        'no program': file(b'no program\n' * 9),
        'not executable': file(elf, 0o644),
        'a script without its shell': file(b'#!/no/such/shell\n'),
        'a script with a directory as shell': file(b'#!/\n'),
        'a script that calls nothing': file(b'#!/bin/sh\nno-such-program\n'),
        'a script that cannot run one': file(b'#!/bin/sh\nexit 126\n'),
        'zeros': file(bytes(4096)),
        'a wrong class': patched(4, b'\x01'),
        'a wrong type': patched(16, b'\xff\xff'),
        'a wrong machine': patched(18, b'\xff\xff'),
        'no program headers': patched(56, b'\0\0'),
        'program headers beyond it': patched(32, b'\xff' * 8),
        'a wrong size of headers': patched(54, b'\x01\0'),
        'an entry nowhere': patched(24, b'\0\xf0\xff\xff\0\0\0\0'),
        'a wrong loader': file(elf.replace(b'/lib64/ld-linux-x86-64.so.2',
                                           b'/lib64/no-linux-x86-64.so.2', 1)),
        'a missing library': file(elf.replace(b'libelf.so.1', b'libno0.so.1')
                                  .replace(b'libz.so.1', b'libq.so.1')),
        'zeros in place of code': file(elf[:4096] + bytes(len(elf) - 4096)),
        'the wrapper': file(ours),
        'a link to the wrapper': lambda name: os.symlink(wrapper, name),
        'a longer copy of the wrapper': file(ours + b'more'),
        'a script of the wrapper': file(
            f'#!/bin/sh\nexec {wrapper} "$@"\n'.encode()),
        'a script of a script of the wrapper': file(
            f'#!/bin/sh\n/bin/sh -c \'exec {wrapper} "$@"\' x "$@"\n'
            .encode()),
    }
    for cut in (1, 16, 63, 64, 200, 600, 4096, len(elf) // 4, len(elf) // 2,
                len(elf) * 3 // 4):
        found[f'cut at {cut} bytes'] = file(elf[:cut])
    return found


class Trial:
    def __init__(self, wrapper, fault, results, folder):
        self.wrapper, self.fault = wrapper, fault
        self.results, self.folder = results, folder
        self.count = 0

    def start(self, version, program, vmcore):
        self.version, self.program, self.vmcore = version, program, vmcore
        self.bin = os.path.join(self.folder, 'bin')
        shutil.rmtree(self.bin, ignore_errors=True)
        os.mkdir(self.bin)
        os.symlink(program, self.bin + '/makedumpfile')
        self.known = {}

    def fresh(self):
        """An empty folder with a file of others beside it"""
        work = os.path.join(self.folder, 'work')
        shutil.rmtree(work, ignore_errors=True)
        os.mkdir(work)
        with open(os.path.join(self.folder, 'foreign'), 'wb') as f:
            f.write(FOREIGN)
        return work

    def words(self, mode):
        if mode == 'stream':
            return ['-F', *LEVEL, self.vmcore]
        return [*LEVEL, self.vmcore, 'out']

    def run(self, program, mode, before=None, env=None, act=None, **more):
        """(exit status, dump) with BEFORE called in the child"""
        work = os.path.join(self.folder, 'work')
        words = [program, *more.get('options', []), *self.words(mode)]
        with open(os.path.join(self.folder, 'pipe'), 'wb') as f:
            cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=f)
            with subprocess.Popen(
                    words, cwd=work, stdin=subprocess.DEVNULL,
                    stdout=cat.stdin if mode == 'stream' else
                    subprocess.DEVNULL, stderr=subprocess.PIPE,
                    preexec_fn=before, env={
                        **os.environ, 'PATH': self.bin + ':/usr/bin:/bin',
                        **(env or {})}) as p:
                cat.stdin.close()
                if act:
                    act(p)
                try:
                    self.said = p.communicate(timeout=SECONDS)[1].decode(
                        errors='replace')
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
                    self.said = 'hangs'
            cat.wait()
        made = content(os.path.join(work, 'out') if mode == 'file' else
                       os.path.join(self.folder, 'pipe'))
        return p.returncode, made or None

    def plain(self, mode, key=None, before=None):
        """What makedumpfile alone does under the same conditions: twice, as it
        may write its progress into a dump whose number is a standard one's"""
        if (mode, key) not in self.known:
            runs = []
            for _ in range(2 if key is not None else 1):
                self.fresh()
                runs.append(self.run(self.program, mode, before))
            self.known[mode, key] = runs
        return self.known[mode, key]

    def same(self, mode, plain, ours):
        """But for the note and what points to it"""
        if plain is None or ours == plain:
            return True
        if ours is None:
            return False
        if mode == 'stream':
            return plain.endswith(END) and ours.endswith(END) and \
                ours.startswith(plain[:-16])
        at = releases.SUB_HEADER + releases.NOTES.start
        end = releases.SUB_HEADER + releases.NOTES.stop
        return plain[:at] + plain[end:] == ours[:at] + ours[end:len(plain)]

    def check(self, what, mode, key=None, before=None, env=None, options=(),
              ours=None):
        alone = self.plain(mode, key, before)
        steady = alone[0] == alone[-1]
        if ours is None:
            self.fresh()
            ours = self.run(self.wrapper, mode, before, env, options=options)
        got, dump = ours
        fine = self.said != 'hangs' and content(
            os.path.join(self.folder, 'foreign')) == FOREIGN
        fine = fine and any(self.same(mode, want, dump)
                            for _, want in alone + self.plain(mode))
        if steady:
            fine = fine and (alone[0][0] != 0 or got == 0)
        self.count += 1
        if not fine:
            self.results.check(False, f'{self.version} {mode} {what}: exit '
                               f'status {got}, alone {alone[0][0]}; '
                               f'{self.said.strip()[-300:]}')

    # --- the faults ------------------------------------------------------------

    def descriptors(self):
        for number in range(8):
            which = [fd for fd in range(3) if number >> fd & 1]

            def close(which=which):
                for fd in which:
                    os.close(fd)
            for mode in 'file', 'stream':
                for env in {}, {'AMDIOMMU_OFF': '1'}, {'AMDIOMMU_WATCH': '1'}:
                    self.check(f'{which} closed, {env}', mode, number, close,
                               env)

    def places(self):
        foreign = os.path.join(self.folder, 'foreign')
        for kind in KINDS:
            for name in 'out.amdiommu', 'out.amdiommu.new', 'side.amdiommu':
                for memory in '64', '0':
                    work = self.fresh()
                    place(kind, os.path.join(work, name), foreign)
                    ours = self.run(self.wrapper, 'file', env={
                        'AMDIOMMU_MEMORY': memory,
                        **({'AMDIOMMU_SIDECAR': 'side'} if name[0] == 's'
                           else {})})
                    there = os.path.lexists(os.path.join(work, name))
                    self.check(f'{kind} at {name}, {memory} MiB' +
                               ('' if there else ', which is gone'), 'file',
                               ours=ours if there else (99, None))

    def others(self):
        """Called makedumpfile, before the one that works"""
        first = os.path.join(self.folder, 'first')
        for what, make in programs(self.program, self.wrapper).items():
            shutil.rmtree(first, ignore_errors=True)
            os.mkdir(first)
            name = first + '/makedumpfile'
            make(name)
            path_env = {'PATH': f'{first}:{self.bin}:/usr/bin:/bin'}
            for mode in 'file', 'stream':
                for env in path_env, {'AMDIOMMU_MAKEDUMPFILE': name}:
                    self.in_place_of(what, mode, env)
                self.in_place_of(what + ', off', 'file',
                                 dict(path_env, AMDIOMMU_OFF='1'))

    def in_place_of(self, what, mode, env):
        code, want = self.plain(mode)[0]
        self.fresh()
        got, dump = self.run(self.wrapper, mode, env=env)
        self.count += 1
        if not (got == code == 0 and self.same(mode, want, dump)):
            self.results.check(False, f'{self.version} {mode} {what} in front '
                               f'({sorted(env)}): exit status {got}; '
                               f'{self.said.strip()[-300:]}')

    def limits(self):
        mib = 1 << 20
        tried = [('NOFILE', n) for n in (3, 4, 5, 6, 7, 8, 10, 12)]
        tried += [('AS', n * mib) for n in (8, 16, 32, 64, 128, 512)]
        tried += [('FSIZE', n) for n in (0, 4096, mib, 4 * mib)]
        tried += [('STACK', n << 10) for n in (64, 256)]
        tried += [('CPU', 1), ('CORE', 0), ('DATA', 4 * mib), ('DATA', mib),
                  ('NPROC', 0), ('NPROC', 1), ('MEMLOCK', 0)]
        for name, value in tried:
            number = getattr(resource, 'RLIMIT_' + name)

            def limit(number=number, value=value):
                resource.setrlimit(number, (value, value))
            for mode in 'file', 'stream':
                self.check(f'RLIMIT_{name} {value}', mode, (name, value),
                           limit)

    def faults(self):
        for fault in ('kill', 'segv', 'hang', 'spin', 'eat', 'eio', 'short',
                      'nospace'):
            for at in 1, 30, 300:
                for mode in 'file', 'stream':
                    self.check(f'{fault} at {at}', mode, env={
                        'LD_PRELOAD': self.fault, 'FAULT': f'{fault}:{at}',
                        'AMDIOMMU_TIME': '1'})

    def signals(self):
        """It ends; makedumpfile alone would."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                       signal.SIGQUIT, signal.SIGUSR1):
            for mode in 'file', 'stream':
                for fault in 'hang:30', 'hangwrite:1', 'hangwrite:2':
                    self.fresh()

                    def end(p, number=number):
                        time.sleep(0.7)
                        p.send_signal(number)
                    got, _ = self.run(self.wrapper, mode, act=end, env={
                        'LD_PRELOAD': self.fault, 'FAULT': fault,
                        'AMDIOMMU_TIME': '20'})
                    self.count += 1
                    if self.said == 'hangs' or got not in (-number, 0):
                        self.results.check(False, f'{self.version} {mode} '
                                           f'signal {number} in {fault}: '
                                           f'{got} {self.said}')

    def settings(self):
        for word in ('x', 'time', 'time=', 'time=x', 'time=99999999999999999999',
                     'memory=-1', 'memory=0', 'memory=1', 'watch', 'watch=2',
                     'watch-pages=0', 'watch-pages=1', 'sidecar=/no/such/x',
                     'sidecar=/dev/null', 'makedumpfile=/', 'exclude=x', 'help',
                     'version', 'off', ''):
            for mode in 'file', 'stream':
                self.check('--amdiommu-' + word, mode,
                           options=['--amdiommu-' + word])

    def all(self):
        before, failed = self.count, self.results.failed
        for part in (self.descriptors, self.places, self.others, self.limits,
                     self.faults, self.signals, self.settings):
            part()
        self.results.check(self.results.failed == failed,
                           f'{self.version}: {self.count - before} faults, '
                           f'{self.results.failed - failed} failed')


def small(program, version, folder):
    """The lab's dump, filtered once: faults need no gigabyte"""
    made = os.path.join(folder, 'small-' + version)
    subprocess.run([program, *LEVEL, releases.vmcore(version), made],
                   check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return made


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    wrapper, fault, git = map(os.path.abspath, sys.argv[2:5])
    results = Results()
    try:
        known = releases.releases(git)
        with tempfile.TemporaryDirectory(dir=path()) as folder:
            trial = Trial(wrapper, fault, results, folder)
            for version in sys.argv[5:] or sorted(known, key=releases.number):
                program = releases.build(git, version, known[version])
                trial.start(version, program, small(program, version, folder))
                trial.all()
    except CannotRun as error:
        print(f'faults: cannot run: {error}')
        return CANNOT_RUN
    except KeyError as error:
        sys.exit(f'faults: {git} has no release {error}')
    except (Failed, subprocess.SubprocessError) as error:
        sys.exit(f'faults: {error}')
    return results.close()


if __name__ == '__main__':
    sys.exit(main())
