#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts that `make check` does not run take names from the lab that exist."""
import glob
import os
import subprocess
import sys
import unittest

import testing
from workdir import HERE

TESTS = os.path.dirname(HERE)
LOAD = 'import runpy, sys; runpy.run_path(sys.argv[1], run_name="loaded")'


def load(name):
    """Its error, '' where there is none"""
    folders = os.path.dirname(name) + os.pathsep + HERE
    return subprocess.run([sys.executable, '-c', LOAD, name], text=True,
                          check=False, stderr=subprocess.PIPE,
                          env={**os.environ, 'PYTHONPATH': folders}).stderr


class Scripts(unittest.TestCase):
    def test_all_load(self):
        found = [name for folder in ('kdump', 'suites', 'lab')
                 for name in glob.glob(os.path.join(TESTS, folder, '*.py'))
                 if not os.path.basename(name).startswith('test_')]
        self.assertGreater(len(found), 9)
        self.assertEqual([load(name) for name in found], [''] * len(found))


if __name__ == '__main__':
    testing.main()
