# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the unit tests of a module and counts them as tests/run.py reads it."""
import sys
import unittest


def main():
    result = unittest.main('__main__', exit=False, verbosity=0).result
    failed = len({str(test) for test, _ in result.failures + result.errors})
    print(f'{result.testsRun - failed} passed, {failed} failed', flush=True)
    sys.exit(1 if failed or not result.testsRun else 0)
