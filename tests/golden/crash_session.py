# SPDX-License-Identifier: GPL-2.0-or-later
"""A crash session, and the stand-alone command beside it.

Both read the same dump by different means: our reader and BTF here, crash
and its gdb there. What they say must be equal but for "dump", which names the
means.
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '..', '..', 'scripts'))
import commands                                         # noqa: E402

VIEWS = [c.name for c in commands.views() if not c.args or c.args[0] == '[']
LISTS_PAGES = {c.name for c in commands.views() if 'p' in c.options}
# Only a hang takes this long, also beside other work.
SECONDS = 1800


class Gone(Exception):
    """crash ended by itself, or answers no more; what it said."""


class Crash:
    """One crash session: commands on its standard input, files as output."""

    def __init__(self, command, vmlinux, vmcore):
        self.dir = tempfile.mkdtemp()
        self.log = os.path.join(self.dir, 'log')
        env = dict(os.environ, HOME=self.dir, TERM='dumb')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [*command, '-s', vmlinux, vmcore], env=env,
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                cwd=self.dir)
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        shutil.rmtree(self.dir)

    def send(self, *commands):
        try:
            for command in commands:
                self.process.stdin.write(command.encode() + b'\n')
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Gone(self.read('log')) from None

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as file:
            return file.read()

    def ask(self, command):
        """Send a command; the name of the file that will hold its output."""
        self.count += 1
        self.send(f'{command} > out{self.count}')
        return f'out{self.count}'

    def idle(self):
        """Does crash read its standard input? Nothing is left there then."""
        with open(f'/proc/{self.process.pid}/syscall') as file:
            return file.read().startswith('0 0x0 ')

    def wait(self, name='here'):
        """Until everything sent so far has been carried out.

        When the mark is there, crash still has a pipe to the shell that made
        it; only when it wants the next command is all as it was before.
        """
        self.send(f'!touch {name}')
        end = time.monotonic() + SECONDS
        while not (os.path.exists(self.path(name)) and self.idle()):
            code = self.process.poll()
            if code is not None or time.monotonic() > end:
                why = f'no answer in {SECONDS} s' if code is None else \
                    f'exit code {code}'
                raise Gone(f'{why}\n{self.read("log")}')
            time.sleep(0.02)
        os.unlink(self.path(name))

    def answer(self, command):
        """What crash says to a command."""
        name = self.ask(command)
        self.wait()
        return self.read(name)

    def close(self):
        """End the session in good order."""
        self.send('quit')
        with self:
            code = self.process.wait(120)
            log = self.read('log')
        if code:
            raise Gone(f'exit code {code}\n{log}')


def standalone(tool, vmcore, words):
    """JSON of a view by the stand-alone command."""
    view, *rest = words
    pages = ['--pages'] if view in LISTS_PAGES else []
    done = subprocess.run([tool, view, vmcore, *rest, '--json', *pages],
                          stdout=subprocess.PIPE)
    if done.returncode not in ((0, 1, 2, 3) if view == 'check' else (0,)):
        raise RuntimeError(f'{words}: {done.returncode}')
    return json.loads(done.stdout)


def facts(data):
    return {key: value for key, value in data.items() if key != 'dump'}


def questions(tool, vmcore):
    """Every view, every device, and addresses of all kinds."""
    words = [[view] for view in VIEWS] + [['who', '0'], ['who', 'ffffffffff']]
    for device in standalone(tool, vmcore, ['devices'])['devices']:
        words.append(['devices', device['bdf']])
        words.append(['map', device['bdf']])
        ranges = standalone(tool, vmcore, words[-1])['ranges']
        for one in ranges[:1] + ranges[-1:]:
            words.append(['translate', device['bdf'], one['iova']])
            words.append(['who', one['phys']])
    return words


def both(crash, tool, vmcore):
    """For each question: (the question, JSON text by crash, data by tool)."""
    words = questions(tool, vmcore)
    names = [crash.ask(f'amdiommu -j{"P" if w[0] in LISTS_PAGES else ""} '
                       + ' '.join(w)) for w in words]
    crash.wait()
    for question, name in zip(words, names):
        yield question, crash.read(name), standalone(tool, vmcore, question)
