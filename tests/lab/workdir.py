# SPDX-License-Identifier: GPL-2.0-or-later
"""Work directory, locks, other programs."""
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.abspath(os.environ.get('AMDIOMMU_LAB') or
                      os.path.expanduser('~/.cache/amdiommu-lab'))
# Other labs of this machine keep theirs in the same folder.
SCRATCH_PREFIX = ('amdiommu-lab-' +
                  hashlib.sha256(LAB.encode()).hexdigest()[:12] + '-')


class CannotRun(Exception):
    """What the lab needs cannot be had here; nothing was tested."""


class Failed(Exception):
    """A run that went wrong."""


def path(*parts):
    return os.path.join(LAB, *parts)


def output(command, timeout=60, **kwargs):
    """What a program prints; CannotRun when it is not installed."""
    try:
        return subprocess.run(command, check=True, text=True, timeout=timeout,
                              stdout=subprocess.PIPE, **kwargs).stdout
    except FileNotFoundError:
        raise CannotRun(f'no program {command[0]}') from None


@contextlib.contextmanager
def lock(name):
    """One process at a time in this work directory."""
    os.makedirs(path('locks'), exist_ok=True)
    with open(path('locks', name), 'w') as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def scratch_base(need):
    """In memory when it holds `need` bytes with room to spare."""
    shm = '/dev/shm'
    if os.path.isdir(shm) and shutil.disk_usage(shm).free > need * 2:
        return shm
    os.makedirs(path('scratch'), exist_ok=True)
    return path('scratch')


def sweep(base):
    """Remove this lab's scratch directories whose owner was killed."""
    for name in os.listdir(base):
        if not name.startswith(SCRATCH_PREFIX):
            continue
        old = os.path.join(base, name)
        try:
            fd = os.open(old, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
        except OSError:
            pass        # its owner lives and holds the lock
        finally:
            os.close(fd)


@contextlib.contextmanager
def scratch(need):
    """A directory that goes away with its owner."""
    base = scratch_base(need)
    with lock('scratch'):
        sweep(base)
        made = tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=base)
        fd = os.open(made, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(fd)
