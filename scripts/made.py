# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are made from a table: written, or with --check compared."""
import os
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')


def path(name):
    return os.path.join(TOP, name)


def read(name):
    with open(path(name), encoding='utf-8') as f:
        return f.read()


def only_checked():
    return '--check' in sys.argv


def settle(made, source):
    """Write {name: text}; with --check, return how many are not so."""
    bad = 0
    for name, text in made.items():
        if not only_checked():
            with open(path(name), 'w', encoding='utf-8') as f:
                f.write(text)
        elif not os.path.exists(path(name)) or read(name) != text:
            print(f'{name} is not as {source} says: make docs')
            bad += 1
    return bad
