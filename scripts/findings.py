#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes what follows from the tables of findings, reasons and facts.

usage: findings.py [--check]

Writes docs/findings.md, the tables of reasons and fields in docs/verdict.md and
docs/json.md, and the codes and fields in docs/amdiommu-report.schema.json. With
--check it writes nothing; it fails where they are not as the tables say, and
where a code of a table is used by no source file.
"""
import glob
import json
import re
import sys
import textwrap

from made import only_checked, path, read, settle

TABLE = 'include/amdiommu/findings.def'
REASONS = 'include/amdiommu/reasons.def'
FACTS = 'include/amdiommu/facts.def'
ROW = re.compile(r'AMI_FINDING\((\w+), "([a-z0-9-]+)",\s*(\w+), (\w+), (\w+), '
                 r'(\w+),\s*"([^"]*)",\s*"([^"]*)"\)')
REASON = re.compile(r'AMI_REASON\((\w+), "([a-z0-9-]+)", (\w+),\s*"([^"]*)"\)')
FACT = re.compile(r'AMI_FACT\((\w+), "([a-z0-9_]+)", (\w+),\s*"([^"]*)"\)')
HEAD = '''# Findings

Made from `include/amdiommu/findings.def` by `make docs`; change that file.

A finding is one anomaly or one limit of the report. Codes are stable names, and
scripts may use them. `amdiommu help CODE` prints the same text.

- **Severity**: *error*, memory contradicts itself; *warning*, something is
  unusual or missing; *info*, worth knowing (shown with `-v`).
- **Kind**: *configuration*, how this machine or kernel is set up; *finding*,
  something that happened; *missing*, not in the dump; *damage*, memory holds
  what no correct kernel writes.
- **Verdict**: *corrupt*, the dump is `corrupt`; *suspect*, it is `suspect`;
  *unknown*, it is `unknown` if nothing worse is known; *gap*, it cannot be
  `trusted`; *none*, nothing by itself.
- **Coverage**: *part*, it is `partial`; *all*, nothing by itself.
'''


def rows(name, form):
    text = read(name)
    found = form.findall(text)
    start = form.pattern.split('\\')[0]
    assert len(found) == text.count(f'\n{start}('), f'{name}: another form'
    return found


def document(table):
    parts = [HEAD]
    for _, code, severity, effect, covers, kind, meaning, advice in table:
        parts.append(f'\n## {code}\n\n{severity.lower()}, {kind.lower()}; '
                     f'verdict: {effect.lower()}; '
                     f'coverage: {covers.lower()}\n\n'
                     + textwrap.fill(meaning, 79) + '\n\n'
                     + textwrap.fill(advice, 79) + '\n')
    return ''.join(parts)


FORMS = {'NUMBER': {'$ref': '#/$defs/count'}, 'HEX': {'$ref': '#/$defs/hex'},
         'TEXT': {'type': 'string'},
         'LIST': {'type': 'array', 'items': {'type': 'string'}}}


def with_facts(node, facts):
    """Findings and reasons: their own keys, then those of the facts."""
    own = {k: v for k, v in node['properties'].items()
           if k in node['required']}
    for _, key, form, meaning in facts:
        assert key not in own, key
        own[key] = FORMS[form] | {'description': meaning}
    node['properties'] = own


def schema(table, reasons, facts):
    name = 'docs/amdiommu-report.schema.json'
    tree = json.loads(read(name))
    defs = tree['$defs']
    codes = [row[1] for row in table]
    defs['finding_code'] = {'enum': codes}
    defs['reason_code'] = {'enum': [row[1] for row in reasons] + codes}
    for node in (defs['finding'], defs['reason']):
        with_facts(node, facts)
    return name, json.dumps(tree, indent=1, ensure_ascii=False) + '\n'


def between(name, mark, lines):
    """The document with these lines between its comments."""
    begin, end = f'<!-- {mark} -->\n', f'<!-- end of {mark} -->\n'
    head, rest = read(name).split(begin)
    return name, head + begin + ''.join(lines) + end + rest.split(end)[1]


def reason_table(reasons):
    yield '| code | kind | meaning |\n|---|---|---|\n'
    for _, code, kind, meaning in reasons:
        yield f'| `{code}` | {kind.lower()} | {meaning} |\n'


def fact_table(facts):
    yield '| key | value | meaning |\n|---|---|---|\n'
    for _, key, form, meaning in facts:
        yield f'| `{key}` | {form.lower()} | {meaning} |\n'


def unused(table, prefix):
    """Codes that no source file of the product names."""
    text = ''
    for folder in ('lib', 'tools', 'makedumpfile-plugin', 'extensions'):
        for name in glob.glob(path(folder + '/**/*.c'), recursive=True):
            with open(name, encoding='utf-8') as f:
                text += f.read()
    named = set(re.findall(rf'\b(?:{prefix})(\w+)', text))
    return [row[1] for row in table if row[0] not in named]


def main():
    table, reasons, facts = (rows(TABLE, ROW), rows(REASONS, REASON),
                             rows(FACTS, FACT))
    made = dict([('docs/findings.md', document(table)),
                 schema(table, reasons, facts),
                 between('docs/verdict.md', 'reasons', reason_table(reasons)),
                 between('docs/json.md', 'facts', fact_table(facts))])
    bad = settle(made, 'the tables of findings')
    for name, codes in ((TABLE, unused(table, 'AMI_FIND_')),
                        (REASONS, unused(reasons, r'AMI_REASON_|'
                                         r'verdict_because\([^,]*, '))):
        for code in codes:
            print(f'{name} has {code}, but no code reports it: report it, '
                  'or remove the row')
            bad += 1
    if only_checked():
        print(f'{len(table) + len(made) - bad} passed, {bad} failed')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
