#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What makedumpfile-amdiommu costs: makedumpfile alone and with it, in turns.

usage: filter.py WRAPPER VMCORE... [--rounds N] [--level N] [--watch]

For a file, a stream into a file and a stream through a pipe:

* seconds of makedumpfile alone, and what is added (of each round's pair;
  minimum, median, maximum). On a busy machine that is mostly noise.
* our own seconds, in the same run: until makedumpfile starts, after it has
  ended, and the CPU time of passing its stream on, as if there were one CPU.
  What telling those moments costs by itself is taken off, as measured in the run
  of makedumpfile alone.

Then the peak memory of our own processes, makedumpfile not counted. The limits
hold for our own seconds: whichever is more of the first and the share of
makedumpfile's.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

LIMIT_SECONDS, LIMIT_SHARE, LIMIT_MIB = 0.15, 0.01, 32
# Notes when makedumpfile starts and ends, and the wrapper's CPU time then.
SHIM = '''#!/bin/sh
echo "$(date +%s%N) $(cat /proc/$PPID/schedstat)" >$MOMENTS
makedumpfile "$@"
code=$?
echo "$(date +%s%N) $(cat /proc/$PPID/schedstat)" >>$MOMENTS
exit $code
'''


class Bench:
    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.output = folder + '/out'
        self.shim = folder + '/shim'
        self.moments = folder + '/moments'
        with open(self.shim, 'w') as f:
            f.write(SHIM)
        os.chmod(self.shim, 0o755)
        self.env = dict(os.environ, AMDIOMMU_WATCH=str(int(args.watch)),
                        AMDIOMMU_MAKEDUMPFILE=self.shim, MOMENTS=self.moments)
        self.words = ['-l', '-d', args.level]

    def timed(self, command, piped):
        """(start, end) in seconds; a pipe is emptied by another process"""
        for name in (self.output, self.output + '.stdout'):
            if os.path.exists(name):
                os.unlink(name)     # ext4 writes out what is overwritten
        os.sync()
        with open(self.output + '.stdout', 'wb') as out:
            reader = subprocess.Popen(['cat'], stdin=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL)
            start = time.time_ns()
            # Without a time limit, which would be polled for.
            subprocess.run(command, env=self.env, check=True,
                           stdout=reader.stdin if piped else out,
                           stderr=subprocess.DEVNULL)
            end = time.time_ns()
            reader.stdin.close()
            reader.wait()
        return start * 1e-9, end * 1e-9

    def around(self, start, end):
        """Seconds before and after makedumpfile in the run that just ended;
        CPU seconds of the one who called it in between"""
        with open(self.moments) as f:
            first, last = ([int(x) * 1e-9 for x in line.split()]
                           for line in f)
        return first[0] - start + end - last[0], last[1] - first[1]

    def compare(self, vmcore, name, words, piped=False):
        """Median share that is ours; prints a line"""
        plain, added, own = [], [], []
        for _ in range(self.args.rounds):
            start, end = self.timed([self.shim, *self.words, *words], piped)
            plain.append(end - start)
            telling = self.around(start, end)[0]
            start, end = self.timed([self.args.wrapper, *self.words, *words],
                                    piped)
            added.append(end - start - plain[-1])
            own.append(sum(self.around(start, end)) - telling)
        share = statistics.median(own) / statistics.median(plain)
        print(f'{name:8}', *('%7.3f/%7.3f/%7.3f ' % (
            min(x), statistics.median(x), max(x))
            for x in (plain, added, own)), f'{share:6.1%}', flush=True)
        return (statistics.median(own) <= LIMIT_SECONDS or
                share <= LIMIT_SHARE)

    def alone(self, vmcore):
        """Peak MiB; a program that ends at once stands in for makedumpfile."""
        pid = os.fork()
        if not pid:
            quiet = os.open(os.devnull, os.O_RDWR)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            os.execve(self.args.wrapper, [self.args.wrapper, '-F', vmcore],
                      dict(self.env, AMDIOMMU_MAKEDUMPFILE='/bin/true'))
        return os.wait4(pid, 0)[2].ru_maxrss / 1024

    def dump(self, vmcore):
        """Whether all of it is within the limits"""
        print(f'{vmcore}: {os.path.getsize(vmcore) / (1 << 30):.1f} GiB\n'
              'VARIANT  makedumpfile alone (s)      added (s)                 '
              'our own (s)               share')
        good = [self.compare(vmcore, 'file', [vmcore, self.output]),
                self.compare(vmcore, 'stream', ['-F', vmcore]),
                self.compare(vmcore, 'pipe', ['-F', vmcore], piped=True)]
        peak = max(self.alone(vmcore) for _ in range(self.args.rounds))
        good.append(peak <= LIMIT_MIB)
        print(f'peak memory {peak:.1f} MiB')
        return all(good)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('wrapper')
    parser.add_argument('vmcore', nargs='+')
    parser.add_argument('--rounds', type=int, default=11)
    parser.add_argument('--level', default='31')
    parser.add_argument('--watch', action='store_true')
    args = parser.parse_args()
    args.wrapper = os.path.abspath(args.wrapper)
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
        fine = all([Bench(args, folder).dump(v) for v in args.vmcore])
    print(f'{"within" if fine else "BEYOND"} {LIMIT_SECONDS} s or '
          f'{LIMIT_SHARE:.0%} (medians), {LIMIT_MIB} MiB')
    return not fine


if __name__ == '__main__':
    sys.exit(main())
