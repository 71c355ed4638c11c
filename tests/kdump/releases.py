#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The wrapper around each released makedumpfile.

usage: releases.py AMDIOMMU WRAPPER GIT [VERSION...]

GIT: a clone of makedumpfile's repository; the releases, all from 1.6.8 on
without VERSION, are taken from it by the subject of their commits and built in
the lab's work directory. The dumps are the lab's: 5.10-both for releases that
do not open dumps of 6.1 yet.

Each with and without the wrapper: the same exit status, the same file byte for
byte but for the note and the sub-header that points to it (an ELF file: the same
memory, wherever in it), marks that agree with the dump; as a file, as a stream,
in parts; and what the same release makes of a marked dump when it filters it
again.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lab'))

import run                                              # noqa: E402
from check import Results                               # noqa: E402
from scenarios import scenario                          # noqa: E402
from workdir import CannotRun, Failed, path             # noqa: E402

CANNOT_RUN = 77
FIRST = (1, 6, 8)
READS_6_1 = (1, 7, 2)
RELEASE = re.compile(r'^(\w+) \[v?(\d+\.\d+\.\d+)\] .*[Uu]pdate version')
LINKED = 'LINKTYPE=dynamic USELZO=on USESNAPPY=on USEZSTD=on'.split()
# What kdump-tools and kdump-utils use, and each way to write pages.
FILES = ('-l -d 31', '-c -d 31', '-d 31', '-l -d 1', '-p -d 23',
         '-l -d 31 --num-threads=2', '-l -d 17 --cyclic-buffer 16',
         '-l --message-level 7 -d 31 --non-mmap', '-E -d 31')
SUB_HEADER, NOTES = 4096, slice(32, 64)
MARKED, BESIDE = 'the same but for the note', 'the same, marks beside it'


def number(version):
    return tuple(int(x) for x in version.split('.'))


def releases(git):
    """{version: commit}"""
    log = subprocess.check_output(
        ['git', '-C', git, 'log', '--format=%h %s'], text=True)
    found = (RELEASE.match(line) for line in log.splitlines())
    return {m[2]: m[1] for m in found if m and number(m[2]) >= FIRST}


def build(git, version, commit):
    """The program"""
    folder = path('releases', version)
    program = folder + '/makedumpfile'
    if not os.path.exists(program):
        os.makedirs(folder, exist_ok=True)
        tree = subprocess.run(['git', '-C', git, 'archive', commit],
                              stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(['tar', '-x', '-C', folder], input=tree, check=True)
        subprocess.run(['make', '-C', folder, *LINKED], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return program


def content(name):
    if not os.path.exists(name):
        return None
    with open(name, 'rb') as f:
        return f.read()


class Trial:
    def __init__(self, tool, wrapper, results, folder):
        self.tool, self.wrapper = tool, wrapper
        self.results, self.folder = results, folder

    def start(self, version, program, vmcore):
        self.version, self.program, self.vmcore = version, program, vmcore

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, words, wrapped, stdin=None, stdout=None):
        """(exit status, what we had to say)"""
        done = subprocess.run(
            [self.wrapper if wrapped else self.program, *words],
            env=dict(os.environ, AMDIOMMU_MAKEDUMPFILE=self.program),
            stdin=stdin, stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=600)
        return done.returncode, [line for line in
                                 done.stderr.decode(errors='replace')
                                 .splitlines() if 'amdiommu' in line]

    def clear(self):
        for name in os.listdir(self.folder):
            os.unlink(self.path(name))

    def marks(self, dump):
        """Where the marks are, if they agree with the dump"""
        report = json.loads(subprocess.check_output(
            [self.tool, 'report', dump, '--json']))
        found = report['marks'] or {}
        good = (not found.get('refused') and
                found.get('agreement', {}).get('agrees'))
        return found.get('from') if good else None

    def compare(self, plain, ours):
        """In one phrase, how OURS differs from PLAIN"""
        a, b = content(plain), content(ours)
        if a is None or b is None:
            return 'no dump' if a is b else 'only one dump'
        where = self.marks(ours)
        if a == b:
            return BESIDE if where == 'sidecar' else 'the same, no marks'
        at, end = SUB_HEADER + NOTES.start, SUB_HEADER + NOTES.stop
        if (a[:at] + a[end:] == b[:at] + b[end:len(a)] and
                where == 'note'):
            return MARKED
        return f'different, marks: {where}'

    def check(self, what, codes, plain, ours, said, want=MARKED):
        how = self.compare(self.path(plain), self.path(ours))
        fine = how == want and codes[0] == codes[1] == 0
        self.results.check(fine, f'{self.version} {what}: {how}, exit '
                                 f'status {codes[1]}' +
                                 ''.join(f'; {line}' for line in said))

    def files(self):
        for options in FILES:
            words = [*options.split(), self.vmcore]
            plain, _ = self.call([*words, self.path('plain')], False)
            ours, said = self.call([*words, self.path('ours')], True)
            if plain:       # this release has no such option
                self.results.check(ours == plain and not os.path.exists(
                    self.path('ours')), f'{self.version} {options}: exit '
                    f'status {ours}, as without us')
            else:
                self.check(options, (plain, ours), 'plain', 'ours', said,
                           BESIDE if '-E' in options else MARKED)
            self.clear()

    def stream(self, name, wrapped, piped):
        words = ['-F', '-l', '-d', '31', self.vmcore]
        with open(self.path(name + '.flat'), 'wb') as f:
            if not piped:
                code, said = self.call(words, wrapped, stdout=f)
            else:
                cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE,
                                       stdout=f)
                code, said = self.call(words, wrapped, stdout=cat.stdin)
                cat.stdin.close()
                cat.wait()
        with open(self.path(name + '.flat'), 'rb') as f:
            ordered, _ = self.call(['-R', self.path(name)], False, stdin=f)
        if os.path.exists(self.path(name + '.flat.amdiommu')):
            shutil.move(self.path(name + '.flat.amdiommu'),
                        self.path(name + '.amdiommu'))
        return code or ordered, said

    def streams(self):
        for piped in True, False:
            plain, _ = self.stream('plain', False, piped)
            ours, said = self.stream('ours', True, piped)
            # Where one write cannot replace the end mark (docs/kdump.md).
            across = any('two sectors' in line for line in said)
            self.check('-F ' + ('into a pipe' if piped else 'into a file'),
                       (plain, ours), 'plain', 'ours', said,
                       BESIDE if across and not piped else MARKED)
            self.clear()

    def parts(self):
        def names(letter):
            return [self.path(letter + str(i)) for i in range(3)]

        words = ['--split', '-l', '-d', '31', self.vmcore]
        plain, _ = self.call([*words, *names('p')], False)
        ours, said = self.call([*words, *names('o')], True)
        same = all(content(a) == content(b)
                   for a, b in zip(names('p'), names('o')))
        self.results.check(same and plain == ours == 0 and not said,
                           f'{self.version} --split: the same parts, exit '
                           f'status {ours}')
        plain, _ = self.call(['--reassemble', *names('p'),
                              self.path('plain')], False)
        ours, said = self.call(['--reassemble', *names('o'),
                                self.path('ours')], True)
        self.check('--reassemble', (plain, ours), 'plain', 'ours', said)

    def again(self):
        code, _ = self.call(['-c', '-d', '31', self.path('ours'),
                             self.path('again')], False)
        self.results.check(not code and
                           self.marks(self.path('again')) == 'note',
                           f'{self.version} filters it again: exit status '
                           f'{code}, the note is kept')
        self.clear()

    def all(self):
        self.files()
        self.streams()
        self.parts()
        self.again()


def vmcore(version):
    name = '6.1-both' if number(version) >= READS_6_1 else '5.10-both'
    file = path('out', name, 'vmcore')
    if not os.path.exists(file):
        run.run(name, scenario(name))
    return file


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    tool, wrapper, git = map(os.path.abspath, sys.argv[1:4])
    results = Results()
    try:
        known = releases(git)
        with tempfile.TemporaryDirectory(dir=path()) as folder:
            trial = Trial(tool, wrapper, results, folder)
            for version in sys.argv[4:] or sorted(known, key=number):
                trial.start(version, build(git, version, known[version]),
                            vmcore(version))
                trial.all()
    except CannotRun as error:
        print(f'releases: cannot run: {error}')
        return CANNOT_RUN
    except KeyError as error:
        sys.exit(f'releases: {git} has no release {error}')
    except (Failed, subprocess.SubprocessError) as error:
        sys.exit(f'releases: {error}')
    return results.close()


if __name__ == '__main__':
    sys.exit(main())
