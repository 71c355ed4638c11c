#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One dump in all forms: the report must not depend on how it was saved.

usage: test_forms.py AMDIOMMU VMCORE [--vmlinux VMLINUX] FORM...

Compares `report --json --pages`, byte for byte after the "dump" object, of
each FORM (zlib, lzo, zstd, ELF, flattened, filtered) with that of VMCORE; with
--vmlinux also symbols and types from there instead of the dump's own.
"""
import os
import re
import subprocess
import sys

# A filtered ELF dump cannot say that a page was dropped because it is zero: such a
# page counts as unread there, and as checked in all other forms.
PAGES_LOOKED_AT = r'"checked": (\d+),\n +"unread": (\d+)'


def looked_at(m):
    return f'"checked or unread": {int(m[1]) + int(m[2])}'


def report(tool, dump, *options):
    done = subprocess.run([tool, 'report', dump, '--json', '--pages',
                           *options], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return f'exit code {done.returncode}'
    text = re.sub(r'\n  "dump": \{.*?\n  \},', '', done.stdout, flags=re.S)
    return re.sub(PAGES_LOOKED_AT, looked_at, text)


def main():
    tool, vmcore, *forms = sys.argv[1:]
    vmlinux = None
    if forms[:1] == ['--vmlinux']:
        vmlinux, forms = forms[1], forms[2:]
    want = report(tool, vmcore)
    assert '"exposures"' in want and '"dump"' not in want
    checks = {os.path.basename(form): [form] for form in forms}
    if vmlinux:
        checks['DWARF'] = [vmcore, '--vmlinux', vmlinux]
    passed = 0
    for name, args in checks.items():
        same = report(tool, *args) == want
        passed += same
        print(f'{"ok  " if same else "FAIL"} {name}: '
              f'{"equal" if same else "differs"}')
    print(f'{passed} passed, {len(checks) - passed} failed')
    return passed != len(checks) or not passed


if __name__ == '__main__':
    sys.exit(main())
