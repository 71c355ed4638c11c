#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock crash, and ours in it, on dumps that the filter wrote.

usage: crash.py AMDIOMMU SCENARIO...

In the crash of Debian 12 and of sid: the dump opens, `dev -V` shows the note,
`dev -v N FILE` extracts it, the hex view reads to its end, --marks takes the
file, `amdiommu` reads the marks and says what the stand-alone command says.
The same for what makedumpfile makes of that dump, as a file and as a stream.

Root directories and dumps are kept in the lab's work directory.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('lab', 'golden', 'suites'):
    sys.path.insert(0, os.path.join(HERE, '..', folder))

from check import Results                               # noqa: E402
from crash_session import Crash, Gone, facts, standalone    # noqa: E402
from roots import Root, install_tools                   # noqa: E402
import packages                                         # noqa: E402
import run                                              # noqa: E402
from scenarios import scenario                          # noqa: E402
from workdir import CannotRun, Failed, path             # noqa: E402

CANNOT_RUN = 77
SUITES = ('bookworm', 'sid')
NAME = 'amdiommu-marks'
LISTED = re.compile(r'^\s*(\d+)\s+0x[0-9a-f]+\s+(\d+)\s+' + NAME + '$', re.M)
HEX_LINE = re.compile(r'^ *[0-9a-f]+:  [0-9a-f]{16} [0-9a-f]{16}', re.M)


def refiltered(dump, folder):
    """{what was done: the dump that came of it}"""
    made = {'as written': dump}
    again, flat = folder + '/again', folder + '/flat'
    ordered = folder + '/ordered'
    quiet = dict(check=True, stderr=subprocess.DEVNULL, timeout=600)
    subprocess.run(['makedumpfile', '-c', '-d', '31', dump, again],
                   stdout=subprocess.DEVNULL, **quiet)
    made['filtered again'] = again
    with open(flat, 'wb') as f:
        subprocess.run(['makedumpfile', '-F', '-l', '-d', '31', dump],
                       stdout=f, **quiet)
    with open(flat, 'rb') as f:
        subprocess.run(['makedumpfile', '-R', ordered], stdin=f,
                       stdout=subprocess.DEVNULL, **quiet)
    made['filtered again as a stream, put in order'] = ordered
    return made


class Trial:
    def __init__(self, tool, vmlinux):
        self.tool = tool
        self.vmlinux = vmlinux
        self.results = Results()

    def marks_of(self, dump, *words):
        return standalone(self.tool, dump, ['report', *words])['marks']

    def stock(self, crash, dump, where):
        """What crash does without us; the index of our note"""
        listed = crash.answer('dev -V')
        found = LISTED.findall(listed)
        self.results.check(len(found) == 1, f'{where}: dev -V lists the note')
        number, size = found[0]
        extracted = crash.path('extracted')
        crash.answer(f'dev -v {number} {extracted}')
        marks = self.marks_of(dump, '--marks', extracted)
        self.results.check(
            marks['from'] == 'file' and not marks['refused'] and
            marks['agreement']['agrees'],
            f'{where}: dev -v extracts it, --marks takes it')
        lines = len(HEX_LINE.findall(crash.answer(f'dev -v {number}')))
        self.results.check(lines == -(-int(size) // 16),
                           f'{where}: the hex view has its {size} bytes')

    def ours(self, crash, so, dump, where):
        crash.answer(f'extend {so}')
        shown = crash.answer('amdiommu')
        self.results.check(
            re.search(r'^MARKS +note, made 20', shown, re.M) is not None,
            f'{where}: amdiommu reads the note')
        there = json.loads(crash.answer('amdiommu -jP report'))
        here = standalone(self.tool, dump, ['report'])
        self.results.check(facts(there) == facts(here),
                           f'{where}: and says what the command says')

    def session(self, root, so, dump, where):
        before = self.results.failed
        with Crash(root.command('crash'), self.vmlinux, dump) as crash:
            try:
                crash.wait()
                self.stock(crash, dump, where)
                self.ours(crash, so, dump, where)
                log = crash.read('log')
            except Gone as gone:
                self.results.check(False, f'{where}: crash ended: {gone}')
                return
            if 'error' in log or self.results.failed > before:
                print(log)

    def all(self, name):
        folder = tempfile.mkdtemp(dir=path())
        try:
            vmcore = path('out', name, 'vmcore')
            dumps = refiltered(vmcore, folder)
            for suite in SUITES:
                root = Root(suite)
                so = root.build()
                for done, dump in dumps.items():
                    self.session(root, so, dump, f'crash {root.version}, '
                                                 f'{name} {done}')
        finally:
            shutil.rmtree(folder)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        install_tools()
        trial = Trial(os.path.abspath(sys.argv[1]), packages.vmlinux('6.1'))
        for name in sys.argv[2:]:
            if not os.path.exists(path('out', name, 'vmcore')):
                run.run(name, scenario(name))
            trial.all(name)
    except CannotRun as error:
        print(f'crash: cannot run: {error}')
        return CANNOT_RUN
    except Failed as error:
        sys.exit(f'crash: {error}')
    return trial.results.close()


if __name__ == '__main__':
    sys.exit(main())
