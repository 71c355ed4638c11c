#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What makedumpfile-amdiommu costs: makedumpfile alone and with it, in turns.

usage: filter.py WRAPPER VMCORE [--rounds N] [--level N] [--watch]

Prints the time that is added (of each round's pair; minimum, median, maximum),
the time of the analysis alone, and the peak memory of our own processes,
makedumpfile not counted. Times include bringing the dump to the disk, as kdump
does in any case: marks wait for that before they count.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

LIMIT_SECONDS, LIMIT_SHARE, LIMIT_MIB = 0.15, 0.01, 32


def seconds(command, env, output):
    """With OUTPUT on the disk at the end; it takes stdout, too."""
    os.sync()
    with open(output + '.stdout', 'wb') as out:
        start = time.monotonic()
        subprocess.run(command, env=env, check=True, stdout=out,
                       stderr=subprocess.DEVNULL, timeout=3600)
        os.fsync(out.fileno())
    if os.path.exists(output):
        with open(output, 'rb') as out:
            os.fsync(out.fileno())
    return time.monotonic() - start


def alone(args, env):
    """Seconds, MiB; a program that ends at once stands in for makedumpfile."""
    start = time.monotonic()
    pid = os.fork()
    if not pid:
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.execve(args.wrapper, [args.wrapper, '-F', args.vmcore],
                  dict(env, AMDIOMMU_MAKEDUMPFILE='/bin/true'))
    usage = os.wait4(pid, 0)[2]
    return time.monotonic() - start, usage.ru_maxrss / 1024


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
    fine = True
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
        for name, words in (('file', [args.vmcore, folder + '/out']),
                            ('stream', ['-F', args.vmcore])):
            common = ['-f', '-l', '-d', args.level, *words]
            plain, ours = [], []
            for _ in range(args.rounds):
                plain.append(seconds(['makedumpfile', *common], env,
                                     folder + '/out'))
                ours.append(seconds([args.wrapper, *common], env,
                                    folder + '/out'))
            added = [b - a for a, b in zip(plain, ours)]
            fine &= (statistics.median(added) <= max(
                LIMIT_SECONDS, LIMIT_SHARE * statistics.median(plain)))
            print(f'{name:8}', *('%7.3f/%7.3f/%7.3f ' % (
                min(x), statistics.median(x), max(x))
                for x in (plain, ours, added)))
    taken = [alone(args, env) for _ in range(args.rounds)]
    peak = max(mib for _, mib in taken)
    print(f'analysis alone: {statistics.median(t for t, _ in taken):.3f} s, '
          f'peak memory {peak:.1f} MiB')
    fine &= peak <= LIMIT_MIB
    print(f'{"within" if fine else "BEYOND"} {LIMIT_SECONDS} s or '
          f'{LIMIT_SHARE:.0%} (medians), {LIMIT_MIB} MiB')
    return not fine


if __name__ == '__main__':
    sys.exit(main())
