#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sentences of findings and reasons against the fields beside them.

usage: test_facts.py AMDIOMMU DUMP...

Each number, address, BDF and name with a digit in a sentence is a field, or in
`where`; and each field says what the sentence says, so that a program never
parses a sentence, and no field lies. tests/unit/sentences.c does the same for
the machines of the unit tests.
"""
import json
import os
import re
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
sys.path.insert(0, os.path.join(TOP, 'scripts'))
import findings                                         # noqa: E402

FORM = {key: form for _, key, form, _ in findings.rows(findings.FACTS,
                                                       findings.FACT)}
# Phrases. A number in one of them needs a field of its own.
PHRASES = {'read', 'fault', 'missing', 'source', 'driver_says', 'dte_says',
           'story', 'access', 'witnesses'}
# Known from elsewhere: not in the sentence.
DERIVED = {'story', 'policy_by', 'event', 'requester', 'domain'}
TOKEN = re.compile(r'[0-9A-Za-z_][0-9A-Za-z_.:@/-]*')
NUMBER = re.compile(r'(0x[0-9a-f]+|[0-9]+)$')
SECONDS = re.compile(r'[0-9]+\.[0-9]{6}$')


def constants():
    with open(os.path.join(TOP, 'tests', 'constants.def'),
              encoding='utf-8') as f:
        return re.findall(r'^CONSTANT\("(.*)"\)', f.read(), re.M)


def without(text, phrase):
    """The text without this phrase, where it is not a part of a word."""
    return re.sub(rf'(?<![0-9A-Za-z_]){re.escape(phrase)}(?![0-9A-Za-z_])',
                  ' ', text)


def tokens(text):
    """Words with a digit."""
    for word in TOKEN.findall(text):
        word = word.rstrip('.:@/-')
        if re.search('[0-9]', word):
            yield word


def numbers(one):
    return {key: int(value, 16) if FORM[key] == 'HEX' else value
            for key, value in one.items() if FORM.get(key) in ('HEX', 'NUMBER')}


def names(one):
    """All texts beside the sentence."""
    found = [one['where'] or ''] + one.get('devices', [])
    found += [d for d in one.get('drivers', []) if d]
    for key, value in one.items():
        if FORM.get(key) == 'TEXT' and key not in PHRASES:
            found.append(value)
        if FORM.get(key) == 'LIST':
            found += value
    return [n for n in found if n]


def unsaid(one, fixed):
    """Words with a digit that no field has."""
    rest = one['text']
    for phrase in fixed + sorted(names(one), key=len, reverse=True):
        rest = without(rest, phrase)
    known = set(numbers(one).values())
    phrases = ' '.join(one[key] for key in PHRASES if key in one)
    for word in tokens(rest):
        if NUMBER.match(word):
            if int(word, 0) not in known:
                yield word
        elif not (word[0].isalpha() and word in phrases) and not (
                SECONDS.match(word) and
                int(word.replace('.', '')) == one.get('last_us')):
            yield word


def lies(one, drivers):
    """Fields whose value the sentence does not have."""
    said = {int(w, 0) for w in tokens(one['text']) if NUMBER.match(w)}
    whole = one['text'] + ' ' + (one['where'] or '')
    for key, value in numbers(one).items():
        if (value > 1 and value not in said and key not in DERIVED and
                key != 'last_us' and value != len(one.get('devices', []))):
            yield key
    for key, value in one.items():
        words = value if FORM.get(key) == 'LIST' else [value]
        if (FORM.get(key) in ('TEXT', 'LIST') and key not in DERIVED and
                not all(w in whole for w in words) and
                not (key == 'driver' and
                     drivers.get(one.get('requester')) == value)):
            yield key
    if one.get('requester', one['where']) != one['where']:
        yield 'requester'
    if 'domain' in one and one['domain'] not in said and \
            one['where'] != f'domain {one["domain"]}':
        yield 'domain'


def sentences(report):
    yield from report['findings']
    for part in ('verdict', 'coverage'):
        for reason in report[part]['reasons']:
            yield reason


def main():
    tool, *dumps = sys.argv[1:]
    fixed, count, fields, bad = constants(), 0, 0, 0
    for dump in dumps:
        if dump.endswith('.json'):
            with open(dump, encoding='utf-8') as f:
                report = json.load(f)
        else:
            report = json.loads(subprocess.run(
                [tool, 'report', dump, '--json'], stdout=subprocess.PIPE,
                text=True).stdout)
        drivers = {d['bdf']: d['driver'] for d in report['devices']}
        for one in sentences(report):
            one.setdefault('where', None)
            count += 1
            fields += len([k for k in one if k in FORM])
            for what, found in (('has no field', unsaid(one, fixed)),
                                ('is not in it', lies(one, drivers))):
                for word in found:
                    bad += 1
                    print(f'FAIL {os.path.relpath(dump)}: {one["code"]}: '
                          f'"{word}" {what}: {one["where"]}: {one["text"]}')
    print(f'sentences: {count}, with {fields} fields')
    print(f'{count - min(bad, count)} passed, {max(bad, not count)} failed')
    return bad > 0 or not count


if __name__ == '__main__':
    sys.exit(main())
