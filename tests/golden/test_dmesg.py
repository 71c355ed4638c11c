#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's log read from dumps against the serial console.

usage: test_dmesg.py AMDIOMMU DIRECTORY...

Each DIRECTORY is one of the lab's: vmcore, and console.log with what the guest
printed while it ran. Every line that it printed before it died must be in the
log of the dump, at the same time.
"""
import json
import os
import re
import subprocess
import sys

STAMPED = re.compile(r'\[ *(\d+\.\d{6})\] (.*)$', re.M)
LAST = 'Kernel panic - not syncing'


def from_console(directory):
    with open(os.path.join(directory, 'console.log'), errors='replace') as f:
        text = re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', f.read())
    lines = []
    for time, line in STAMPED.findall(text.replace('\r', '')):
        lines.append((time, ' '.join(line.split())))
        if LAST in line:
            break
    return lines


def from_dump(tool, directory):
    done = subprocess.run([tool, 'dmesg', '--all', '--json',
                           os.path.join(directory, 'vmcore')], text=True,
                          stdout=subprocess.PIPE, check=True)
    data = json.loads(done.stdout)
    lines = set()
    for line in data['dmesg']:
        for text in (line['text'] or '').split('\n'):
            lines.add((f'{line["time_us"] / 1e6:.6f}',
                       ' '.join(text.split())))
    return lines, data['log_buffer']['state']


def main():
    tool, *directories = sys.argv[1:]
    passed = failed = 0
    for directory in directories:
        printed = from_console(directory)
        log, state = from_dump(tool, directory)
        missing = [line for line in printed if line not in log]
        good = len(printed) > 100 and not missing and state == 'read'
        passed += good
        failed += not good
        print(f'{"ok  " if good else "FAIL"} {os.path.basename(directory)}: '
              f'{len(printed)} lines on the console, {len(missing)} of them '
              f'not in the log ({state})')
        for line in missing[:3]:
            print('    ', *line)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
