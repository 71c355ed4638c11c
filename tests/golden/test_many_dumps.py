#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""amdiommu check over many dumps at once.

usage: test_many_dumps.py AMDIOMMU SAMPLE
"""
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import counted

TOOL, SAMPLE = sys.argv[1:3]
MANY = 24


def run(*args):
    done = subprocess.run([TOOL, 'check', *args], text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def children(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            return [int(c) for c in f.read().split()]
    except FileNotFoundError:
        return []


class Many(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.paths = []
        for i in range(MANY):
            path = os.path.join(cls.folder, f'{i:03}')
            os.link(SAMPLE, path) if cls.same_disk() else \
                shutil.copy(SAMPLE, path)
            cls.paths.append(path)
        cls.text = os.path.join(cls.folder, 'text')
        with open(cls.text, 'w') as f:
            f.write('no dump\n' * 1000)

    @classmethod
    def same_disk(cls):
        return os.stat(cls.folder).st_dev == os.stat(SAMPLE).st_dev

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_one_line_each_in_order(self):
        code, out, err = run(*self.paths, '-j', '3')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual([l.split(':')[0] for l in out.splitlines()],
                         self.paths)
        self.assertEqual(out, run(*self.paths, '-j', '1')[1])

    def test_json_lines(self):
        code, out, _ = run(self.paths[0], self.text, self.paths[1], '--json')
        good, bad, also = map(json.loads, out.splitlines())
        self.assertEqual(code, 66)
        self.assertEqual(good['dump']['path'], self.paths[0])
        self.assertEqual(also['verdict']['value'], 'exposed')
        self.assertEqual((bad['path'], bad['exit_code']), (self.text, 66))
        self.assertIn('not a dump', bad['error'])
        self.assertEqual(bad['view'], 'check')

    def test_the_worst_decides(self):
        self.assertEqual(run(*self.paths[:3])[0], 0)
        code, out, _ = run(self.text, *self.paths[:3])
        self.assertEqual(code, 66)
        self.assertEqual(len(out.splitlines()), 4)
        self.assertIn(': error: ', out.splitlines()[0])

    def run_and_kill_one(self):
        """The exit code and lines of a run one of whose children was sent
        SIGKILL, maybe after it had ended."""
        tool = subprocess.Popen([TOOL, 'check', '-j', '2', *self.paths],
                                stdout=subprocess.PIPE, text=True)
        killed = False
        while not killed and tool.poll() is None:
            for child in children(tool.pid):
                os.kill(child, signal.SIGKILL)
                killed = True
                break
            time.sleep(0.001)
        out = tool.communicate()[0].splitlines()
        return tool.returncode, out

    def test_a_killed_child_is_one_result(self):
        for _ in range(20):
            code, out = self.run_and_kill_one()
            died = [l for l in out if 'ended by signal 9' in l]
            if died:
                break
        self.assertEqual(len(died), 1)
        self.assertEqual(code, 70)
        self.assertEqual([l.split(':')[0] for l in out], self.paths)
        self.assertEqual(sum('exposed' in l for l in out), MANY - 1)

    def test_never_more_at_once_than_asked(self):
        tool = subprocess.Popen([TOOL, 'check', '-j', '2', *self.paths],
                                stdout=subprocess.DEVNULL)
        most = 0
        while tool.poll() is None:
            most = max(most, len(children(tool.pid)))
            time.sleep(0.002)
        self.assertEqual(most, 2)

    def test_memory_does_not_grow(self):
        def peak(paths):
            """Of the largest process that took part."""
            tool = subprocess.Popen([TOOL, 'check', '-j', '2', *paths],
                                    stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(tool.pid, 0)
            tool.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(tool.returncode, 0)
            return usage.ru_maxrss

        few = peak(self.paths[:2])
        self.assertLess(peak(self.paths), few * 1.2 + 1024)

    def test_progress_on_a_terminal_only(self):
        self.assertEqual(run(*self.paths[:3])[2], '')
        leader, follower = pty.openpty()
        done = subprocess.run([TOOL, 'check', *self.paths[:3]],
                              stdout=subprocess.PIPE, stderr=follower,
                              env={**os.environ, 'TERM': 'xterm'})
        os.close(follower)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b' of 3 dumps', os.read(leader, 65536))
        os.close(leader)

    def test_bad_numbers(self):
        for bad in '0', '-1', 'x', '9999':
            self.assertEqual(run(self.paths[0], '-j', bad)[0], 64)


if __name__ == '__main__':
    sys.exit(counted.main())
