#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON of every view against docs/amdiommu-report.schema.json.

usage: test_schema.py AMDIOMMU SAMPLE [DUMP...]

Of SAMPLE all views, of each DUMP the report and what differs most between
kernels. The published schema lets keys be added; here each must be in it, and
in docs/json.md.
"""
import json
import os
import re
import subprocess
import sys

import jsonschema

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..',
                    'docs')
sys.path.insert(0, os.path.join(DOCS, '..', 'scripts'))
import commands                                         # noqa: E402

PLAIN = [c.name for c in commands.views() if not c.args or c.args[0] == '[']


def closed(schema):
    """The schema with no room for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    new = {k: closed(v) for k, v in schema.items()}
    if 'properties' in new and new.get('type') == 'object':
        new.setdefault('additionalProperties', False)
    return new


def keys_of(schema):
    """Names of all properties anywhere in the schema."""
    if isinstance(schema, list):
        return set().union(*map(keys_of, schema))
    if not isinstance(schema, dict):
        return set()
    own = schema.get('properties', {})
    return (set(own) if isinstance(own, dict) else set()).union(
        *map(keys_of, schema.values()))


class Checker:
    def __init__(self, tool):
        self.tool = tool
        self.failed = self.passed = 0
        with open(os.path.join(DOCS, 'amdiommu-report.schema.json')) as f:
            self.schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(self.schema)
        strict = closed(self.schema)
        self.validators = {
            name[5:]: jsonschema.Draft202012Validator(
                {'$ref': '#/$defs/' + name, '$defs': strict['$defs']})
            for name in strict['$defs'] if name.startswith('view_')}

    def result(self, ok, text):
        self.passed += ok
        self.failed += not ok
        if not ok:
            print('FAIL', text)

    def view(self, dump, *words, kind=None):
        """Parsed output of a view, checked; None when it fails."""
        done = subprocess.run([self.tool, words[0], dump, *words[1:],
                               '--json'], stdout=subprocess.PIPE, text=True)
        what = f'{os.path.relpath(dump)} {" ".join(words)}'
        if done.returncode not in (0, 1, 2, 3, 65 if kind else 0):
            self.result(False, f'{what}: exit code {done.returncode}')
            return None
        data = json.loads(done.stdout)
        errors = list(self.validators[kind or words[0]].iter_errors(data))
        for e in errors[:3]:
            print(f'     {e.json_path}: {e.message[:200]}')
        self.result(not errors and data['view'] == words[0], what)
        return data

    def whole(self, dump):
        for name in PLAIN:
            self.view(dump, name)
        self.view(dump, 'dmesg', '--all')
        self.html(dump)
        report = self.view(dump, 'report', '-v', '--pages')
        self.view(dump, 'who', '0')
        self.view(dump, 'who', '0', 'pfn:1', 'nonsense', kind='who_many')
        self.view(dump, 'pages', '--owners', kind='pages_owned')
        self.view(dump, 'rd', '2698000', '1000')
        self.view(dump, 'compare', dump, kind='compare')
        for device in report['devices']:
            ranges = self.view(dump, 'map', device['bdf'])['ranges']
            for r in ranges[:1]:
                self.view(dump, 'translate', device['bdf'], r['iova'])
                self.view(dump, 'who', r['phys'])

    def html(self, dump):
        """The facts in an HTML report, and that they are those of `report`."""
        page = subprocess.run([self.tool, 'report', dump, '--html', '-'],
                              stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        data = json.loads(page.split('id="facts">')[1].split('</script>')[0])
        for e in list(self.validators['html'].iter_errors(data))[:3]:
            print(f'     {e.json_path}: {e.message[:200]}')
        report = self.view(dump, 'report', '--pages')
        pages = {}
        for e in report['exposures']:
            pages.setdefault(e['class'], set()).update(
                pfn for first, count in e.get('pfns', ())
                for pfn in range(first, first + count))
        self.result(self.validators['html'].is_valid(data)
                    and all(data[key] == report[key] for key in
                            ('verdict', 'findings', 'finding_totals'))
                    and all(count == len(pages.get(name, ())) for name, count
                            in data['exposed_pages'].items()),
                    'facts in HTML')

    def documented(self):
        with open(os.path.join(DOCS, 'json.md')) as f:
            words = set(re.findall(r'\w+', f.read()))
        missing = keys_of(self.schema) - words
        self.result(not missing, f'not in docs/json.md: {sorted(missing)}')


def main():
    tool, sample, *dumps = sys.argv[1:]
    checker = Checker(tool)
    checker.documented()
    checker.whole(sample)
    for dump in dumps:
        for name in ('report', 'log', 'irq', 'flushq', 'dmesg'):
            checker.view(dump, name, '-v')
    print(f'{checker.passed} passed, {checker.failed} failed')
    return 1 if checker.failed else 0


if __name__ == '__main__':
    sys.exit(main())
