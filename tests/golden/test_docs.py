#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in README.md and docs/*.md are what the command prints; the man
pages are without fault (mandoc's lint).

usage: test_docs.py AMDIOMMU [--write]

In a block of code, a line "$ amdiommu ..." is run on the sample; the lines
below it must be its output. "..." stands for lines left out. --write puts the
output of today into blocks without such a line.
"""
import difflib
import glob
import os
import re
import subprocess
import sys

TOOL = os.path.abspath(sys.argv[1])
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
BLOCK = re.compile(r'^```\n(\$ amdiommu .*?)^```$', re.M | re.S)
LINK = re.compile(r'\]\(([^)#:]+)\)')


def output(command):
    done = subprocess.run([TOOL, *command.split()[2:]], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, timeout=60)
    return done.stdout


def matches(want, have):
    pattern = '\n'.join('(?:.*\n?)*?' if line == '...' else re.escape(line)
                        for line in want.rstrip('\n').split('\n'))
    pattern = pattern.replace('(?:.*\n?)*?\n', '(?:.*\n)*?')
    return re.fullmatch(pattern, have.rstrip('\n')) is not None


def check_file(path, write):
    """(passed, failed) of one document."""
    with open(path) as f:
        text = f.read()
    passed = failed = 0

    def block(m):
        nonlocal passed, failed
        command, _, want = m[1].partition('\n')
        have = output(command)
        if write and '...' not in want.split('\n'):
            return f'```\n{command}\n{have}```'
        good = matches(want, have)
        passed += good
        failed += not good
        if not good:
            print(f'FAIL {os.path.relpath(path, ROOT)}: {command}')
            print(*difflib.unified_diff(want.splitlines(),
                                        have.splitlines(), 'document',
                                        'command', lineterm=''), sep='\n')
        return m[0]

    new = BLOCK.sub(block, text)
    if new != text:
        with open(path, 'w') as f:
            f.write(new)
    for link in LINK.findall(text):
        good = os.path.exists(os.path.join(os.path.dirname(path), link))
        passed += good
        failed += not good
        if not good:
            print(f'FAIL {os.path.relpath(path, ROOT)}: no {link}')
    return passed, failed


def check_man_pages():
    paths = sorted(glob.glob(os.path.join(ROOT, 'docs', 'man', '*.[1-8]')))
    done = subprocess.run(['mandoc', '-T', 'lint', *paths], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.stdout or done.returncode:
        print(f'FAIL man pages:\n{done.stdout}')
        return 0, 1
    return len(paths), 0


def main():
    paths = [os.path.join(ROOT, 'README.md')]
    paths += sorted(glob.glob(os.path.join(ROOT, 'docs', '*.md')))
    counts = [check_file(p, '--write' in sys.argv[2:]) for p in paths]
    counts.append(check_man_pages())
    passed, failed = map(sum, zip(*counts))
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
