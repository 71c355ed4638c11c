#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What makedumpfile-amdiommu costs: makedumpfile alone and with it, in turns.

usage: filter.py WRAPPER VMCORE [--rounds N] [--level N] [--watch]

Prints the time that is added (of each round's pair; minimum, median, maximum)
and the peak memory of our own processes, makedumpfile not counted.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

LIMIT_SECONDS, LIMIT_MIB = 0.15, 32


def seconds(command, env, stdout=subprocess.DEVNULL):
    start = time.monotonic()
    subprocess.run(command, env=env, check=True, stdout=stdout,
                   stderr=subprocess.DEVNULL, timeout=3600)
    return time.monotonic() - start


def own_peak(args, env):
    """MiB; a program that ends at once stands in for makedumpfile."""
    pid = os.fork()
    if not pid:
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.execve(args.wrapper, [args.wrapper, '-F', args.vmcore],
                  dict(env, AMDIOMMU_MAKEDUMPFILE='/bin/true'))
    usage = os.wait4(pid, 0)[2]
    return usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('wrapper')
    parser.add_argument('vmcore')
    parser.add_argument('--rounds', type=int, default=11)
    parser.add_argument('--level', default='31')
    parser.add_argument('--watch', action='store_true')
    args = parser.parse_args()
    args.wrapper = os.path.abspath(args.wrapper)
    env = dict(os.environ, AMDIOMMU_WATCH=str(int(args.watch)))
    print('VARIANT   makedumpfile (s)          with marks (s)            '
          'added (s)')
    worst = 0
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
        for name, words in (('file', [args.vmcore, folder + '/out']),
                            ('stream', ['-F', args.vmcore])):
            common = ['-f', '-l', '-d', args.level, *words]
            alone, ours = [], []
            for _ in range(args.rounds):
                with open(folder + '/stream', 'wb') as out:
                    alone.append(seconds(['makedumpfile', *common], env, out))
                with open(folder + '/stream', 'wb') as out:
                    ours.append(seconds([args.wrapper, *common], env, out))
            added = [b - a for a, b in zip(alone, ours)]
            worst = max(worst, statistics.median(added))
            print(f'{name:8}', *('%7.3f/%7.3f/%7.3f ' % (
                min(x), statistics.median(x), max(x))
                for x in (alone, ours, added)))
    peak = own_peak(args, env)
    print(f'peak memory of ours: {peak:.1f} MiB')
    fine = worst <= LIMIT_SECONDS and peak <= LIMIT_MIB
    print(f'{"within" if fine else "BEYOND"} {LIMIT_SECONDS} s (median) and '
          f'{LIMIT_MIB} MiB')
    return not fine


if __name__ == '__main__':
    sys.exit(main())
