#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes what follows from include/amdiommu/findings.def.

usage: findings.py [--check]

Writes docs/findings.md and the codes in docs/amdiommu-report.schema.json. With
--check it writes nothing; it fails where they are not as the table says, and
where a code of the table is used by no source file.
"""
import glob
import json
import os
import re
import sys
import textwrap

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
TABLE = 'include/amdiommu/findings.def'
ROW = re.compile(r'AMI_FINDING\((\w+), "([a-z0-9-]+)",\s*(\w+), (\w+), (\w+),'
                 r'\s*"([^"]*)",\s*"([^"]*)"\)')
HEAD = '''# Findings

Made from `include/amdiommu/findings.def` by `make docs`; change that file.

A finding is one anomaly or one limit of the report. Codes are stable names, and
scripts may use them. `amdiommu help CODE` prints the same text.

- **Severity**: *error*, memory contradicts itself; *warning*, something is
  unusual or missing; *info*, worth knowing (shown with `-v`).
- **Kind**: *configuration*, how this machine or kernel is set up; *finding*,
  something that happened; *missing*, not in the dump; *damage*, memory holds
  what no correct kernel writes.
- **Verdict**: *corrupt*, the dump is `corrupt`; *reason*, it is `suspect`;
  *gap*, it cannot be `trusted`; *none*, nothing by itself.
'''


def path(name):
    return os.path.join(TOP, name)


def read(name):
    with open(path(name), encoding='utf-8') as f:
        return f.read()


def rows():
    text = read(TABLE)
    found = ROW.findall(text)
    assert len(found) == text.count('\nAMI_FINDING('), 'a row has another form'
    return found


def document(table):
    parts = [HEAD]
    for _, code, severity, effect, kind, meaning, advice in table:
        parts.append(f'\n## {code}\n\n{severity.lower()}, {kind.lower()}; '
                     f'verdict: {effect.lower()}\n\n'
                     + textwrap.fill(meaning, 79) + '\n\n'
                     + textwrap.fill(advice, 79) + '\n')
    return ''.join(parts)


def schema(table):
    name = 'docs/amdiommu-report.schema.json'
    tree = json.loads(read(name))
    tree['$defs']['finding_code'] = {'enum': [row[1] for row in table]}
    return name, json.dumps(tree, indent=1, ensure_ascii=False) + '\n'


def unused(table):
    """Codes that no source file of the product names."""
    text = ''
    for folder in ('lib', 'tools', 'makedumpfile-plugin', 'extensions'):
        for name in glob.glob(path(folder + '/**/*.c'), recursive=True):
            with open(name, encoding='utf-8') as f:
                text += f.read()
    named = set(re.findall(r'\bAMI_FIND_(\w+)', text))
    return [row[1] for row in table if row[0] not in named]


def main():
    table = rows()
    made = dict([('docs/findings.md', document(table)), schema(table)])
    bad = 0
    for name, text in made.items():
        if '--check' not in sys.argv:
            with open(path(name), 'w', encoding='utf-8') as f:
                f.write(text)
        elif not os.path.exists(path(name)) or read(name) != text:
            print(f'{name} is not as {TABLE} says: make docs')
            bad += 1
    for code in unused(table):
        print(f'nothing reports the finding {code}')
        bad += 1
    if '--check' in sys.argv:
        print(f'{len(table) + len(made) - bad} passed, {bad} failed')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
