#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of lib/ that were run, by file and in total.

usage: coverage.py BUILD [--least PERCENT]

BUILD was compiled with --coverage and its programs were run.
"""
import argparse
import glob
import os
import re
import subprocess
import sys

SUMMARY = re.compile(r"File '([^']+)'\nLines executed:([0-9.]+)% of (\d+)")


def lines_of(build, source):
    """(run, all) lines of a source file; nothing run when it has no record."""
    record = f'{build}/{source[:-2]}.gcda'
    notes = f'{build}/{source[:-2]}.gcno'
    said = subprocess.run(
        ['gcov', '-n', record if os.path.exists(record) else notes],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    for name, percent, lines in SUMMARY.findall(said):
        if name == source:
            return round(float(percent) * int(lines) / 100), int(lines)
    return 0, 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--least', type=float, default=0)
    args = parser.parse_args()
    total = ran = 0
    for source in sorted(glob.glob('lib/*/*.c')):
        some, lines = lines_of(args.build, source)
        total += lines
        ran += some
        if lines:
            print(f'{100 * some / lines:6.1f}%  {some:5} of {lines:5}  '
                  f'{source}')
    share = 100 * ran / total if total else 0
    print(f'{share:6.1f}%  {ran:5} of {total:5}  lib/')
    if share < args.least:
        print(f'less than {args.least} %')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
