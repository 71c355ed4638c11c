#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run test programs, as many at once as there are processors; add up what
they counted.

usage: run.py [-j N] COMMAND...

COMMAND goes to a shell. A program counts its tests by cmocka's TAP output
("ok 1 - name", "not ok 2 - name") or by a closing line "N passed, N failed".
Exit code 77 means that it could not run here: said plainly, counted as
skipped, never as passed. A program that counts nothing has failed.

Commands start in the order given; each is shown when it has ended. What
failed is said once more at the end, where it is found first.
"""
import argparse
import concurrent.futures
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
    """What one program counted, and what is to be shown: its output when it
    failed, could not run, or counted by itself (then the lines say what was
    measured)."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP')
    start = time.monotonic()
    done = subprocess.run(command, shell=True, text=True, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, errors='replace')
    passed, failed, skipped = count(done.stdout, done.returncode)
    state = 'FAILED' if failed else 'skipped' if skipped and not passed else 'ok'
    lines = [f'{state:8}{command}: {passed} passed, {failed} failed'
             f'{f", {skipped} skipped" if skipped else ""}'
             f' ({time.monotonic() - start:.1f} s)']
    if failed or skipped or TOTAL.search(done.stdout):
        lines.append(re.sub('^', '    ', done.stdout.rstrip(), flags=re.M))
    return (passed, failed, skipped), '\n'.join(lines)


# Lines of a failed program that are said again, and of what length: it may
# be all that a log kept short still shows.
AGAIN_LINES, AGAIN_WIDTH = 12, 200


def again(text):
    """The lines of a failed program that say what failed."""
    first, *rest = text.split('\n')
    telling = [line for line in rest
               if re.search(r'^ *# |\bnot ok\b|FAIL|ERROR|Error|[1-9]\d* failed', line)]
    lines = [first, *(telling or rest)[-AGAIN_LINES:]]
    return '\n'.join(line[:AGAIN_WIDTH] for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('-j', type=int, metavar='N', dest='jobs',
                        default=os.cpu_count() or 1,
                        help='programs at once (one for each processor)')
    parser.add_argument('command', nargs='*')
    args = parser.parse_args()
    sums, failures = [0, 0, 0], []
    with concurrent.futures.ThreadPoolExecutor(max(args.jobs, 1)) as pool:
        for done in concurrent.futures.as_completed(
                [pool.submit(run, c) for c in args.command]):
            counts, text = done.result()
            print(text, flush=True)
            sums = [a + b for a, b in zip(sums, counts)]
            if counts[1]:
                failures.append(text)
    for text in failures:
        print(again(text))
    passed, failed, skipped = sums
    print(f'{passed} passed, {failed} failed'
          f'{f", {skipped} skipped" if skipped else ""}')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
