#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The extension in the crash of each Debian suite, on real dumps.

usage: [CRASH_SOURCE=CLONE] suites.py AMDIOMMU [SUITE...]

In a root directory of each suite the extension is built against that crash
and loaded into it. Where crash can open a dump, each view must equal what the
stand-alone command AMDIOMMU says of it. An extension built for the crash of
another suite must be refused before, and crash must stay usable. Then the
session tests of tests/golden/test_crash.py run there (Ctrl-C, pipes, unloading,
filtered pages).

With CRASH_SOURCE, a clone of crash's repository, that crash is built in the
root directory of sid and tried like the others, as suite "head".

Dumps, vmlinux and root directories are kept in the lab's work directory
($AMDIOMMU_LAB), 0.5 GB a suite: what was made once is not made again. The
table is kept there too, as suites/opened.json, for tests/lab/matrix.py: suite
by suite, so that one that was cut off can be run alone.
"""
import collections
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LAB_CODE = os.path.join(HERE, '..', 'lab')
GOLDEN = os.path.join(HERE, '..', 'golden')
sys.path[:0] = [LAB_CODE, GOLDEN]

from check import Results
from crash_session import Crash, Gone, both, facts, standalone
from roots import Head, Root, install_tools
from workdir import CannotRun, Failed, path

CANNOT_RUN = 77
# The kernels that the crash of a suite must open. Which newer ones it opens is
# measured: debug information and structures that it does not know stop it.
OPENS = {
    'bullseye': ('5.10',),
    'bookworm': ('5.10', '6.1'),
    'trixie': ('5.10', '6.1', '6.12'),
    'sid': ('5.10', '6.1', '6.12'),
    'head': ('5.10', '6.1', '6.12', '7.2', '7.3'),
}
# An ELF and a kdump-compressed dump; of kernels too new for any crash, one.
DUMPS = {
    '5.10': ('5.10-both', '5.10-kdump'),
    '6.1': ('6.1-both', '6.1-kdump'),
    '6.12': ('6.12-both', '6.12-kdump'),
    '7.2': ('7.2-both',),
    '7.3': ('7.3-both',),
}
SESSION_TESTS = 'Session Terminal FilteredPages'
REPEAT = '30'
# Every crash opens this one: here the extensions of others are loaded.
REFUSAL = '5.10-kdump'
LOADER_SAYS = ('not found (required by', 'cannot open shared object file',
               'undefined symbol')


def lab(*words):
    """The last line that the lab prints; it says itself why it cannot run."""
    done = subprocess.run([os.path.join(LAB_CODE, 'lab.py'), *words],
                          text=True, stdout=subprocess.PIPE, check=False)
    line = (done.stdout.strip().splitlines() or [''])[-1]
    if done.returncode == CANNOT_RUN:
        raise CannotRun(line.removeprefix('lab: cannot run: '))
    if done.returncode:
        raise Failed('lab.py ' + ' '.join(words))
    return line


def vmcore(dump):
    return path('out', dump, 'vmcore')


def last_words(said):
    """Why crash gave up, in a line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wanted = [line for line in lines if line.startswith('crash:')] or lines
    return wanted[-1] if wanted else 'it said nothing'


def same(text, here):
    try:
        return facts(json.loads(text)) == facts(here)
    except ValueError:
        return False


def recorded(name):
    """{series: {version of crash: what it made of each dump}}"""
    try:
        with open(name) as f:
            return json.load(f)['series']
    except FileNotFoundError:
        return {}


class Trial:
    """One stand-alone command, the crash of several suites."""

    def __init__(self, tool, suites):
        self.tool = tool
        self.start = time.monotonic()
        self.results = Results()
        self.rows = []
        self.vmlinux = {}
        for series, dumps in DUMPS.items():
            self.vmlinux[series] = lab('vmlinux', series)
            for dump in dumps:
                lab('cached', dump)
        self.everyone = [Root(suite) for suite in OPENS if suite != 'head']
        if os.environ.get('CRASH_SOURCE'):
            self.everyone.append(Head(os.environ['CRASH_SOURCE']))
        self.roots = [root for root in self.everyone if root.suite in suites]
        self.own = {root: root.build() for root in self.everyone}

    def check(self, good, text):
        self.results.check(good, f'{self.seconds()} {text}')

    def seconds(self):
        return f'{time.monotonic() - self.start:4.0f} s'

    def stand_alone(self):
        """It opens them all, with the types that the dump brings itself."""
        for dumps in DUMPS.values():
            for dump in dumps:
                verdict = standalone(self.tool, vmcore(dump),
                                     ['check'])['verdict']['value']
                self.check(verdict != 'unknown',
                           f'stand-alone, {dump}: {verdict}')

    def answers(self, root, series, dump):
        """(equal, all) answers; Gone when crash does not open the dump."""
        with Crash(root.command(root.program), self.vmlinux[series],
                   vmcore(dump)) as crash:
            crash.wait()
            if dump == REFUSAL:
                self.refuse_all(crash, root)
            crash.send(f'extend {self.own[root]}')
            equal = [same(text, here)
                     for _, text, here in both(crash, self.tool, vmcore(dump))]
            return sum(equal), len(equal)

    def open(self, root, series, dump):
        """Returns whether crash opened it."""
        name = f'{root.suite}, crash {root.version}, {dump}'
        must = series in OPENS[root.suite]
        row = [root.suite, root.version, dump]
        try:
            equal, count = self.answers(root, series, dump)
        except Gone as gone:
            why = last_words(str(gone))
            self.rows.append([*row, 'no', '-'])
            if must:
                self.check(False, f'{name}: not opened: {why}')
            else:
                self.results.info(f'{self.seconds()} {name}: not opened: {why}')
            return False
        self.rows.append([*row, 'yes', f'{equal} of {count}'])
        self.check(equal == count, f'{name}: {equal} of {count} answers equal')
        return True

    def open_all(self, root):
        for series, dumps in DUMPS.items():
            for dump in dumps:
                if not self.open(root, series, dump):
                    break

    def session_tests(self, root):
        """On the newest kernel that this crash must open."""
        series = OPENS[root.suite][-1]
        env = dict(os.environ, CRASH=shlex.join(root.command(root.program)),
                   CRASH_TESTS=SESSION_TESTS, CRASH_REPEAT=REPEAT)
        done = subprocess.run(
            [os.path.join(GOLDEN, 'test_crash.py'), self.tool, self.own[root],
             self.vmlinux[series], *map(vmcore, DUMPS[series])],
            env=env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False, errors='replace')
        if done.returncode:
            print(done.stdout)
        self.check(done.returncode == 0,
                   f'crash {root.version}, sessions on {series}: '
                   f'{done.stdout.strip().splitlines()[-1]}')

    def run(self):
        self.stand_alone()
        for root in self.roots:
            self.open_all(root)
            self.keep(root)
        for root in self.roots:
            self.session_tests(root)
        self.table()
        return self.results.close()

    # --- extensions built for another crash ----------------------------------

    def load(self, crash, so):
        """What crash says when it is told to load an extension."""
        before = len(crash.read('log'))
        said = crash.answer(f'extend {so}')
        return said + crash.read('log')[before:]

    def refused(self, crash, root, so, built_for, *possible):
        """Loads what must be refused, with one of the possible messages."""
        said = self.load(crash, so)
        clear = [line.strip() for line in said.splitlines()
                 if any(text in line for text in possible)]
        gone = 'VERDICT' not in crash.answer('amdiommu')
        self.check(clear and gone,
                   f'crash {root.version}, extension built for {built_for}: '
                   f'{clear[0] if clear else last_words(said)}')
        self.rows.append([root.suite, root.version, 'built for ' + built_for,
                          'refused' if gone else 'LOADED',
                          '-' if clear else 'NOT CLEAR'])

    def foreign(self, root, other, version=None):
        """An extension for another crash; None when that one's header is no
        C to this suite: 7.2.9 declares strlcpy, and so does a newer libc."""
        try:
            return root.build(other, version)
        except Failed as error:
            if not re.search(r'/defs\.h:\d+:\d+: error', str(error)):
                raise
        self.results.info(f'{self.seconds()} {root.suite}: defs.h of crash '
                          f'{other.version} does not compile there')
        return None

    def refuse(self, crash, root, other):
        """What the other suite made; what only the version of crash tells
        from a good one; what claims the right version."""
        guard = (f'built for crash {other.version}, '
                 f'this is crash {root.version}:')
        self.refused(crash, root, self.own[other],
                     f'{other.version} in {other.suite}', guard, *LOADER_SAYS)
        so = self.foreign(root, other)
        if so:
            self.refused(crash, root, so, other.version, guard)
        if so and other.version.startswith('7.'):
            self.refused(crash, root, self.foreign(root, other, root.version),
                         f'{root.version} with the header of {other.version}',
                         f'built for another crash {root.version}')

    def refuse_all(self, crash, root):
        for other in self.everyone:
            if other.version != root.version:
                self.refuse(crash, root, other)

    # --- what came out -------------------------------------------------------

    def keep(self, root):
        """What this crash made of each dump, for the table of kernels."""
        name, found = path('suites', 'opened.json'), collections.defaultdict(
            lambda: collections.defaultdict(list))
        for series, versions in recorded(name).items():
            for version, dumps in versions.items():
                found[series][version] += [dump for dump in dumps
                                           if dump[0] != root.suite]
        for suite, version, dump, opens, equal in self.rows:
            if suite == root.suite and opens in ('yes', 'no'):
                found[dump.split('-')[0]][version].append(
                    [suite, dump, opens == 'yes', equal])
        today = datetime.date.today().isoformat()
        with open(name, 'w') as f:
            json.dump({'date': today, 'series': found}, f, indent=1)

    def table(self):
        rows = [['SUITE', 'CRASH', 'DUMP', 'OPENS', 'VIEWS EQUAL'], *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            print('  '.join(map(str.ljust, row, widths)).rstrip())


def main():
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(OPENS):
        sys.exit(__doc__)
    sys.stdout.reconfigure(line_buffering=True)
    try:
        install_tools()
        return Trial(os.path.abspath(sys.argv[1]), sys.argv[2:] or OPENS).run()
    except CannotRun as error:
        print(f'suites: cannot run: {error}')
        return CANNOT_RUN
    except Failed as error:
        sys.exit(f'suites: {error}')


if __name__ == '__main__':
    sys.exit(main())
