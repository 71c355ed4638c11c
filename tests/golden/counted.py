# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a module's tests and counts them as tests/run.py reads it."""
import sys
import unittest


def main():
    result = unittest.TextTestRunner(verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(
            sys.modules['__main__']))
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f'{result.testsRun - failed - skipped} passed, {failed} failed'
          f'{f", {skipped} skipped" if skipped else ""}')
    return 1 if failed or not result.testsRun else 0
