#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run test programs one after another and add up what they counted.

Arguments: shell commands. A program counts its tests by cmocka's TAP output
("ok 1 - name", "not ok 2 - name") or by a closing line "N passed, N failed".
Exit code 77 means that it could not run here: said plainly, counted as
skipped, never as passed. A program that counts nothing has failed.
"""
import os
import re
import subprocess
import sys
import time

TOTAL = re.compile(r'^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$', re.M)


def count(output, code):
    """(passed, failed, skipped) of one program."""
    if code == 77:
        return 0, 0, 1
    totals = TOTAL.findall(output)
    if totals:
        passed, failed, skipped = (int(x or 0) for x in totals[-1])
    else:
        passed = len(re.findall(r'^ok \d', output, re.M))
        failed = len(re.findall(r'^not ok \d', output, re.M))
        skipped = len(re.findall(r'^ok \d.*# SKIP', output, re.M))
        passed -= skipped
    if (code != 0 and not failed) or not passed + failed + skipped:
        failed += 1
    return passed, failed, skipped


def run(command):
    """Run one program; show its output when it failed, could not run, or
    counted by itself (then the lines say what was measured)."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP')
    start = time.monotonic()
    done = subprocess.run(command, shell=True, text=True, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors='replace')
    passed, failed, skipped = count(done.stdout, done.returncode)
    state = 'FAILED' if failed else 'skipped' if skipped and not passed else 'ok'
    print(f'{state:8}{command}: {passed} passed, {failed} failed'
          f'{f", {skipped} skipped" if skipped else ""}'
          f' ({time.monotonic() - start:.1f} s)')
    if failed or skipped or TOTAL.search(done.stdout):
        print(re.sub('^', '    ', done.stdout.rstrip(), flags=re.M))
    sys.stdout.flush()
    return passed, failed, skipped


def main():
    sums = [sum(column) for column in zip(*map(run, sys.argv[1:]))]
    passed, failed, skipped = sums or (0, 0, 0)
    print(f'{passed} passed, {failed} failed'
          f'{f", {skipped} skipped" if skipped else ""}')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
