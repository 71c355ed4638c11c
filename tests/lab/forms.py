# SPDX-License-Identifier: GPL-2.0-or-later
"""The dump of a scenario in every format that makedumpfile writes here."""
import os
import re
import shutil
import subprocess

from workdir import CannotRun, Failed, lock, path

SECONDS = 300
# Format options, and what makedumpfile must have been built with.
FORMS = (
    ('zlib', ('-c',), None),
    ('lzo', ('-l',), 'lzo'),
    ('snappy', ('-p',), 'snappy'),
    ('zstd', ('-z',), 'zstd'),
    ('flattened', ('-c', '-F'), None),
    ('elf', ('-E',), None),
    ('lzo-d31', ('-l', '-d', '31'), 'lzo'),
    ('zlib-d31', ('-c', '-d', '31'), None),
    ('elf-d31', ('-E', '-d', '31'), None),
    ('flattened-d31', ('-c', '-F', '-d', '31'), None),
)


def features(program):
    shown = subprocess.run([program, '-v'], text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=60).stdout
    return set(re.findall(r'^(\w+)\tenabled', shown, re.M))


def is_elf(name):
    with open(name, 'rb') as f:
        return f.read(4) == b'\x7fELF'


def possible(options, needs, there, vmcore):
    """makedumpfile writes ELF only from ELF."""
    return ((not needs or needs in there) and
            ('-E' not in options or is_elf(vmcore)))


def convert(program, vmcore, target, options):
    flattened = '-F' in options
    command = [program, *options, vmcore] + ([] if flattened else [target])
    with open(target if flattened else os.devnull, 'wb') as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE,
                              timeout=SECONDS, check=False)
    if done.returncode:
        text = done.stderr.decode(errors='replace').split()
        raise Failed(f'{" ".join(command)}: exit code {done.returncode} '
                     + ' '.join(text[-20:]))
    os.chmod(target, 0o644)


def make(scenario):
    """Paths of all forms; those that were there are made anew."""
    program = shutil.which('makedumpfile', path='/usr/sbin:/usr/bin')
    if not program:
        raise CannotRun('no makedumpfile')
    vmcore = path('out', scenario, 'vmcore')
    if not os.path.exists(vmcore):
        raise Failed(f'no dump of {scenario}: lab.py run {scenario}')
    folder = path('out', scenario, 'forms')
    made = []
    with lock('forms-' + scenario):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        there = features(program)
        for name, options, needs in FORMS:
            if not possible(options, needs, there, vmcore):
                continue
            target = os.path.join(folder, name)
            convert(program, vmcore, target, options)
            made.append(target)
    return made
