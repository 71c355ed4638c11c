#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The extension in makedumpfile's development version, on real dumps.

usage: extension.py AMDIOMMU SOURCE SCENARIO... [--capture]

SOURCE: a source tree of a makedumpfile with --extension (its releases up to
1.7.9 have none). It is built in a root directory of Debian 13, as is the
extension: both need libbpf 1.4. SCENARIO: a dump in the lab's work directory.

--capture: also in a real capture kernel, as lab scenario 6.1-marks-file.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('lab', 'suites'):
    sys.path.insert(0, os.path.join(HERE, '..', folder))

import guest                                            # noqa: E402
import marks                                            # noqa: E402
import run                                              # noqa: E402
from bitmap import Bitmap                               # noqa: E402
from check import Results                               # noqa: E402
from memory import members                              # noqa: E402
from roots import Root, install_tools                   # noqa: E402
from scenarios import scenario                          # noqa: E402
from workdir import CannotRun, Failed, path             # noqa: E402

CANNOT_RUN = 77
SUITE = 'trixie'
NEEDED = ('libelf-dev', 'libdw-dev', 'liblzo2-dev', 'libzstd-dev',
          'libbz2-dev', 'libxxhash-dev', 'libsnappy-dev')
BUILD = 'build/suites/' + SUITE
OURS = BUILD + '/makedumpfile/amdiommu.so'
OTHERS = {name: f'{BUILD}/tests/mdf/{name}.so'
          for name in ('good', 'needy', 'bare', 'fault')}
DROPPING = 16       # good.so excludes every so many pages
NO_MARKS = 'amdiommu: no marks'


class Build:
    """makedumpfile and the extensions, in a root directory of their own."""

    def __init__(self, source):
        self.root = Root(SUITE)
        self.root.run('apt-get', 'install', '-y', '--no-install-recommends',
                      *NEEDED)
        self.source = path('makedumpfile')
        shutil.copytree(source, self.source, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns('*.o', '.git'))
        self.root.run('make', '-C', self.source, 'LINKTYPE=dynamic',
                      'USELZO=on', 'USEZSTD=on', 'EXTENSION=on')
        self.root.run('make', '-C', self.source + '/extensions')
        self.root.run('make', '-j2', 'BUILD=' + BUILD, OURS, *OTHERS.values())
        self.program = self.source + '/makedumpfile'
        self.sample = self.source + '/extensions/sample.so'

    def dump(self, vmcore, out, extensions=(), words=('-l',), stdout=None,
             **env):
        """What it says on stderr"""
        if out and os.path.exists(out):
            os.unlink(out)
        command = ['env', *(f'{key}={value}' for key, value in env.items()),
                   self.program, *words, '-d', '31']
        for extension in extensions:
            command += ['--extension', os.path.abspath(extension)]
        done = subprocess.run(
            self.root.command(*command, vmcore, *[out] if out else []),
            stdout=stdout or subprocess.DEVNULL, stderr=subprocess.PIPE,
            timeout=600, check=True)
        return done.stderr.decode(errors='replace')


def held(dump, limit):
    bitmap = Bitmap(dump)
    return {pfn for pfn in range(limit) if pfn in bitmap}


def same(a, b):
    return subprocess.call(['cmp', '-s', a, b]) == 0


def evidence(report):
    """Page frames of rings and logs"""
    found = set()
    for iommu in report['iommus']:
        for queue, size in ((iommu['command_ring'], 16),
                            (iommu['event_log'], 16)):
            if queue.get('phys'):
                first = int(queue['phys'], 16) >> 12
                found |= set(range(first, first +
                                   (queue['entries'] * size + 4095 >> 12)))
    return found


class OnDump:
    def __init__(self, tool, build, results, name, folder):
        self.tool, self.build = tool, build
        self.results, self.name = results, name
        self.vmcore = path('out', name, 'vmcore')
        self.plain, self.out = folder + '/plain', folder + '/out'
        self.limit = os.path.getsize(self.vmcore) >> 12
        build.dump(self.vmcore, self.plain)

    def check(self, good, text):
        self.results.check(good, f'{self.name}: {text}')

    def report(self, dump):
        return json.loads(subprocess.check_output(
            [self.tool, 'report', dump, '--json', '--pages']))

    def marked(self, dump, kind='note'):
        found = self.report(dump)['marks'] or {}
        return (found.get('from') == kind and not found['refused'] and
                found['agreement']['agrees'])

    def alone(self):
        said = self.build.dump(self.vmcore, self.out, [OURS])
        self.check('amdiommu:' not in said and self.marked(self.out),
                   'marks are in the dump at exit')
        before, after = (held(d, self.limit) for d in (self.plain, self.out))
        needed = evidence(self.report(self.vmcore))
        self.check(before <= after and needed <= after,
                   f'it keeps {len(after - before)} pages that were dropped, '
                   f'{len(needed - before)} of them of rings and logs')
        self.kept = after

    def excluding(self):
        report = self.report(self.vmcore)
        owners = ','.join(sorted({o['owner'].replace(' ', '-')
                                  for o in report['owners']}))
        self.build.dump(self.vmcore, self.out, [OURS],
                        AMDIOMMU_EXCLUDE=owners)
        gone = self.kept - held(self.out, self.limit)
        marked = set()
        for one in report['exposures']:
            marked |= members(one.get('pfns') or [])
        self.check(bool(gone) and gone <= marked and self.marked(self.out),
                   f'AMDIOMMU_EXCLUDE drops {len(gone)} of {len(marked)} '
                   f'marked pages, and no other')

    def beside(self):
        needed = evidence(self.report(self.vmcore))
        for order in ([OURS, OTHERS['good']], [OTHERS['good'], OURS]):
            said = self.build.dump(self.vmcore, self.out, order)
            there = held(self.out, self.limit)
            gone = self.kept - there
            self.check('other: init_task at' in said and needed <= there and
                       len(gone) > 100 and self.marked(self.out) and
                       all(pfn % DROPPING == 0 for pfn in gone),
                       f'beside one that drops {len(gone)} pages')
        for other, what in ((self.build.sample, "makedumpfile's own sample"),
                            (OTHERS['needy'], 'one that cannot run')):
            self.build.dump(self.vmcore, self.out, [other, OURS])
            self.check(self.marked(self.out) and
                       held(self.out, self.limit) == self.kept,
                       f'beside {what}')
        self.build.dump(self.vmcore, self.out, [OURS, OTHERS['bare']])
        self.check(same(self.out, self.plain),
                   'beside one that makes makedumpfile drop all extensions')

    def streams(self):
        flat, side = self.out + '.flat', self.out + '.side'
        for name, extensions in ((flat, [OURS]), (flat + '.plain', [])):
            with open(name, 'wb') as f:
                cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE,
                                       stdout=f)
                self.build.dump(self.vmcore, None, extensions, ['-F', '-l'],
                                cat.stdin, AMDIOMMU_SIDECAR=side)
                cat.stdin.close()
                cat.wait()
        ordered = self.out + '.ordered'
        with open(flat, 'rb') as f:
            subprocess.run(['makedumpfile', '-f', '-R', ordered], stdin=f,
                           stdout=subprocess.DEVNULL, check=True)
        shutil.move(side + '.amdiommu', ordered + '.amdiommu')
        self.check(self.marked(ordered, 'sidecar') and
                   held(ordered, self.limit) == self.kept,
                   'a stream through a pipe: marks in the sidecar')

    def faults(self):
        for fault in ('kill:100', 'segv:100', 'hang:100', 'eat:100', 'eio:30',
                      'short:30'):
            said = self.build.dump(
                self.vmcore, self.out, [OURS], ['-l', '--non-mmap'],
                AMDIOMMU_TIME='1', FAULT=fault,
                LD_PRELOAD=os.path.abspath(OTHERS['fault']))
            self.check(NO_MARKS in said and same(self.out, self.plain),
                       f'{fault}: the dump is makedumpfile\'s own')

    def all(self):
        self.alone()
        self.excluding()
        self.beside()
        self.streams()
        self.faults()


# --- in a capture kernel -----------------------------------------------------

AS_WRAPPER = '''#!/bin/sh
exec makedumpfile --extension /amdiommu.so "$@"
'''


def libraries(root, *files):
    """{name in the initrd: file} of what they load there"""
    found = {}
    for word in root.run('ldd', *files).split():
        if word.startswith('/') and not word.endswith(':'):
            found[word.lstrip('/')] = root.folder + word
    return found


def in_capture_kernel(tool, build, results):
    """The lab's scenario, with the extension instead of the wrapper."""
    def add_filter(initrd):
        for name, file in libraries(build.root, build.program,
                                    os.path.abspath(OURS)).items():
            initrd.copy(name, file)
        initrd.file('bin/makedumpfile-amdiommu', AS_WRAPPER.encode())
        initrd.copy('amdiommu.so', OURS)
        initrd.copy('real/makedumpfile', build.program)
        initrd.copy('bin/makedumpfile', guest.SOURCES + '/makedumpfile.sh')

    guest.add_filter = add_filter
    name = '6.1-marks-extension'
    run.run(name, scenario('6.1-marks-file'))
    with open(path('out', name, 'truth.json')) as f:
        truth = json.load(f)
    found, observed = marks.marks_of(path('out', name, 'vmcore'), tool)
    marked = set()
    for one in found['exposures']:
        marked |= members(one.get('pfns') or [])
    ram = members(truth['ram'])
    during = marks.by_devices(truth, ['mdfstart->mdfend']) & ram
    around = marks.changed(truth, ['mdfstart->mdfend', 'mdfend->capdone'])
    seen = members(observed['pfns'])
    results.check(during <= marked and bool(during),
                  f'capture kernel: {len(during & marked)} of {len(during)} '
                  f'pages written while makedumpfile ran are marked')
    # It begins to watch some time after makedumpfile has started.
    results.check(seen <= around and bool(seen),
                  f'capture kernel: {len(seen & around)} of {len(seen)} '
                  f'observed pages did change')


def main():
    words = [w for w in sys.argv[1:] if w != '--capture']
    if len(words) < 3:
        sys.exit(__doc__)
    tool, results = os.path.abspath(words[0]), Results()
    try:
        install_tools()
        build = Build(words[1])
        for name in words[2:]:
            folder = tempfile.mkdtemp(dir=path())
            try:
                OnDump(tool, build, results, name, folder).all()
            finally:
                shutil.rmtree(folder)
        if '--capture' in sys.argv:
            in_capture_kernel(tool, build, results)
    except CannotRun as error:
        print(f'extension: cannot run: {error}')
        return CANNOT_RUN
    except (Failed, subprocess.SubprocessError) as error:
        sys.exit(f'extension: {error}')
    return results.close()


if __name__ == '__main__':
    sys.exit(main())
