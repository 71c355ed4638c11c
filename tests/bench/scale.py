#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Time and memory of a report against the size of the machine.

usage: scale.py AMDIOMMU HUGE FOLDER [MILLION-PAGES...]

HUGE (tests/scale/huge.c) writes sparse dumps into FOLDER; they are removed
again. Figures: CPU seconds, peak memory, for each million of mapped pages too.
"""
import os
import subprocess
import sys

SIZES = (50, 100, 200, 400)
RAM_GIB, DEVICES = 4096, 4096


def measure(argv):
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f'{" ".join(argv)}: exit code {child.returncode}')
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def make(huge, path, millions):
    """Write a dump; how many pages are mapped in it."""
    done = subprocess.run([huge, path, str(RAM_GIB), str(DEVICES),
                           str(millions)], text=True, check=True,
                          stdout=subprocess.PIPE)
    for line in done.stdout.splitlines():
        if 'pages mapped' in line:
            return int(line.split()[0])
    sys.exit(f'{huge}: no dump')


def main():
    tool, huge, folder = sys.argv[1:4]
    path = os.path.join(folder, 'huge.elf')
    print(f'{RAM_GIB} GiB, {DEVICES} devices, 16 IOMMUs in 8 segments')
    print(f'{"pages mapped":>14} {"CPU s":>8} {"peak MiB":>9} '
          f'{"s/million":>10} {"KiB/million":>12}')
    for millions in [int(x) for x in sys.argv[4:]] or SIZES:
        try:
            pages = make(huge, path, millions)
            seconds, peak = measure([tool, 'report', path])
        finally:
            if os.path.exists(path):
                os.unlink(path)
        print(f'{pages:14} {seconds:8.1f} {peak / 1024:9.0f} '
              f'{seconds / pages * 1e6:10.3f} {peak / pages * 1e6:12.0f}',
              flush=True)


if __name__ == '__main__':
    main()
