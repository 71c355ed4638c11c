#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Static analysis: cppcheck, gcc -fanalyzer and clang-tidy over C sources.

usage: lint.py [-j N] FILE... -- COMPILER-FLAG...

Each finding is an error. What is left out of it stands below, with why; what
clang-tidy looks for stands in .clang-tidy.
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import time

# What cppcheck says and is wrong about, with why.
CPPCHECK_OFF = {
    # v->r points to a local only while that is in scope.
    'autoVariables:lib/report/exposures.c',
    # Begin and end of one object, which the assembler made.
    'comparePointers:lib/report/html/page.c',
    # The last arc begins behind the end, and the loop is over.
    'arrayIndexOutOfBounds:lib/report/html/rings.c',
    # The plan that the caller frees holds it.
    'memleak:lib/marks/carrier.c',
    # A function fills it through a pointer before it is read.
    'legacyUninitvar:lib/marks/parse.c',
    'legacyUninitvar:lib/report/html/markup.c',
    # Its limit of how far it looks is no finding.
    'normalCheckLevelMaxBranches',
}
# The same of gcc 12's analyzer, by file: in all others these checks are on.
GCC_OFF = {
    # What a list or a structure keeps, reached by a pointer, counts as lost; and
    # in decide.c what a child holds that fails, and so exits.
    'malloc-leak': (
        'lib/common/pfncode.c', 'lib/common/pfnset.c', 'lib/content/signs.c',
        'lib/content/slabcaches.c', 'lib/evidence/nvme_past.c', 'lib/incidents/dmesg.c',
        'lib/marks/build.c', 'lib/marks/parse.c', 'lib/marks/saved.c',
        'lib/state/devicelist.c',
        'makedumpfile-plugin/decide.c', 'makedumpfile-plugin/watch.c',
        'tests/campaign/places.c', 'tools/check.c'),
    # bsearch() finds what its own table has; each device was given its map; the
    # answer is of a bounce buffer only if there is one.
    'null-dereference': ('lib/kernel/btf.c', 'lib/kernel/vmlinux_types.c',
                         'lib/report/answer_words.c', 'lib/state/devicelist.c'),
    # wanted[] sets each of them, or the read failed.
    'use-of-uninitialized-value': ('lib/kernel/printk.c',),
}
# And of clang-tidy, where .clang-tidy would say too much.
TIDY_OFF = {
    # load_queue() and load_split() said that there are entries.
    'lib/evidence/nvme_queue.c': 'clang-analyzer-core.DivideZero',
    'lib/evidence/vring.c': 'clang-analyzer-core.DivideZero',
    # All of low[] below count is set; a counting sort sets all of sorted[].
    'lib/common/pfnbatch.c': 'clang-analyzer-core.uninitialized.Assign',
    'lib/common/pfnmerge.c':
        'clang-analyzer-core.UndefinedBinaryOperatorResult',
}


def cppcheck(files, flags):
    include = [f for f in flags if f.startswith(('-I', '-D'))]
    return [['cppcheck', '--std=c11', '--quiet', '--inline-suppr',
             '--enable=warning,performance,portability', '--error-exitcode=1',
             *(f'--suppress={off}' for off in sorted(CPPCHECK_OFF)),
             *include, *files]]


def gcc(files, flags):
    return [['gcc', *flags, '-O2', '-fanalyzer', '-Werror', '-c',
             *(f'-Wno-analyzer-{off}' for off in sorted(GCC_OFF)
               if f in GCC_OFF[off]),
             '-o', '/dev/null', f] for f in files]


def clang_tidy(files, flags):
    return [['clang-tidy', '--quiet', f,
             *([f'--checks=-{TIDY_OFF[f]}'] if f in TIDY_OFF else []),
             '--', *flags] for f in files]


def run(command):
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, errors='replace')
    return done, time.monotonic() - start


def analyse(name, commands, files, pool):
    """Returns how many of the tool's runs found something."""
    start, failed, slowest = time.monotonic(), 0, (0, '')
    for done, seconds in pool.map(run, commands):
        if len(commands) > 1:
            slowest = max(slowest, (seconds, done.args[-1] if name == 'gcc'
                                    else done.args[2]))
        if done.returncode:
            failed += 1
            print(done.stdout.rstrip())
    took = f'{time.monotonic() - start:.0f} s'
    if slowest[1]:
        took += f', the longest {slowest[1]} with {slowest[0]:.0f} s'
    print(f'{name}: {files} files, {failed or "none"} with findings ({took})',
          flush=True)
    return failed


def main():
    split = sys.argv.index('--') if '--' in sys.argv else len(sys.argv)
    flags = sys.argv[split + 1:]
    parser = argparse.ArgumentParser()
    parser.add_argument('-j', type=int, default=os.cpu_count())
    parser.add_argument('files', nargs='+')
    args = parser.parse_args(sys.argv[1:split])
    tools = {'cppcheck': cppcheck, 'gcc': gcc, 'clang-tidy': clang_tidy}
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        for name, commands in tools.items():
            failed += analyse(name, commands(args.files, flags),
                              len(args.files), pool)
    print(f'{len(tools) - bool(failed)} passed, {failed} failed'
          if failed else f'{len(tools)} passed, 0 failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
