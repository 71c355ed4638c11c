#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole-process time and memory of a full report, paired with its peers.

usage: report.py AMDIOMMU DUMP [DUMP...] [--vmlinux FILE] [--drgn] [--runs N]

Runs alternate (A B A B ...), so that a machine that slows down slows both. The
peers are crash starting up on the same dump (needs --vmlinux), and with --drgn a
script that only walks the page tables, in the drgn of Debian sid (in a root
directory of its own, made at the first use; root). Figures are minimum, median,
maximum of wall seconds and peak memory of the process.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def measure(argv, stdin=None):
    """(wall seconds, peak KiB) of one run."""
    start = time.monotonic()
    child = subprocess.Popen(argv, stdin=subprocess.PIPE if stdin else None,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    if stdin:
        child.stdin.write(stdin)
        child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f'{" ".join(argv)}: exit code {child.returncode}')
    return time.monotonic() - start, usage.ru_maxrss


def line(name, runs):
    wall = sorted(w for w, _ in runs)
    peak = sorted(p for _, p in runs)
    print(f'  {name:28} {wall[0]:7.3f} {statistics.median(wall):7.3f} '
          f'{wall[-1]:7.3f} s   {statistics.median(peak) / 1024:6.0f} MiB')
    return statistics.median(wall)


def drgn(dump, vmlinux):
    """The command that runs drgn_walk.py in sid."""
    for folder in 'lab', 'suites':
        sys.path.insert(0, os.path.join(HERE, '..', folder))
    import roots
    roots.install_tools()
    root = roots.Root('sid')
    root.run('apt-get', 'install', '-y', '--no-install-recommends',
             'python3-drgn')
    return root.command('drgn', '-q', '-c', dump, '-s', vmlinux,
                        os.path.join(HERE, 'drgn_walk.py'))


def bench(dump, args):
    ours = [args.amdiommu, 'report', dump]
    peers = {}
    if args.drgn:
        peers['drgn, page tables only'] = (drgn(dump, args.vmlinux), None)
    if args.vmlinux and shutil.which('crash'):
        peers['crash to its prompt'] = (
            ['crash', '-s', args.vmlinux, dump], b'quit\n')
    runs = {name: [] for name in ['amdiommu report', *peers]}
    measure(ours)
    for _ in range(args.runs):
        runs['amdiommu report'].append(measure(ours))
        for name, (argv, stdin) in peers.items():
            runs[name].append(measure(argv, stdin))
    print(f'{dump}: {args.runs} runs, min median max')
    base = line('amdiommu report', runs['amdiommu report'])
    for name in peers:
        print(f'  {"":28} {line(name, runs[name]) / base:.0f} times as long')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('amdiommu')
    parser.add_argument('dump', nargs='+')
    parser.add_argument('--vmlinux')
    parser.add_argument('--drgn', action='store_true')
    parser.add_argument('--runs', type=int, default=5)
    args = parser.parse_args()
    for dump in args.dump:
        bench(dump, args)


if __name__ == '__main__':
    main()
