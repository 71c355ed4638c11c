# SPDX-License-Identifier: GPL-2.0-or-later
"""amdiommu in a drgn session: who could have written this address?

	>>> import sys; sys.path.append('contrib/drgn')  # of the source tree
	>>> import amdiommu
	>>> amdiommu.who(page)			# struct page *
	>>> amdiommu.who(task.comm.address_of_())	# any pointer
	>>> amdiommu.who('jiffies_64+0x4')
	>>> amdiommu.exposed(page)		# True: do not believe its content

It runs the amdiommu command on the dump of the session, and keeps its answers. Give
the dump's path (amdiommu.VMCORE = ...) if drgn does not know it.
"""
import json
import subprocess

COMMAND = 'amdiommu'
VMCORE = None

_answers = {}
PAGES = [('struct', tag) for tag in ('page', 'folio', 'slab', 'ptdesc')]


def _word(what):
    """What `amdiommu who` is asked for."""
    if isinstance(what, str):
        return what
    if isinstance(what, int):
        return f'{what:x}'
    value = what.value_()
    # A pointer to one of these, however qualified, means the page it describes.
    words = what.type_.type_name().replace('*', ' * ').split()
    page = words.count('*') == 1 and any(
        pair in zip(words, words[1:]) for pair in PAGES)
    return f'page:{value:x}' if page else f'virt:{value:x}'


def _dump(what):
    if VMCORE:
        return VMCORE
    prog = getattr(what, 'prog_', None)
    if prog is None:
        from drgn import get_default_prog
        prog = get_default_prog()
    path = getattr(prog, 'core_dump_path', None)
    if not path:
        raise ValueError('the path of the dump is not known: set '
                         'amdiommu.VMCORE')
    return path


def who(what, dump=None):
    """The answer as `amdiommu who --json` gives it (docs/json.md)."""
    key = (dump or _dump(what), _word(what))
    if key not in _answers:
        done = subprocess.run([COMMAND, 'who', '--json', *key], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode:
            raise ValueError(done.stderr.strip())
        _answers[key] = json.loads(done.stdout)
    return _answers[key]


def writers(what, dump=None):
    """[(device, class, certainty)], [] if none is known."""
    return [(w['requester'], w['class'], w['certainty'])
            for w in who(what, dump)['writers']]


def exposed(what, dump=None):
    """False only if it is excluded that a device wrote the page."""
    return who(what, dump)['answer']['code'] not in ('bounded', 'unasked')
