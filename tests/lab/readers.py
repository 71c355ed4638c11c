# SPDX-License-Identifier: GPL-2.0-or-later
"""Members that readers of drivers want, looked up in real kernels' types.

No kernel is booted. A member that a kernel lacks is right where the reader's file
in include/amdiommu/drivers/ says which kernels have it (AMI_V). Everything else
that is absent is a mistake, or a kernel that the reader does not know yet.
"""
import dataclasses
import os
import subprocess

import packages
import typeinfo

STANDARD = ('6.1', '6.12', '7.3')
LAYOUTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       '..', 'unit', 'layouts')
# Of the kernel's own types, what unit tests lay out as real kernels do.
KERNEL_TYPES = ('net_device', 'sk_buff')
HEAD = """/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made by `make layouts` from the types of {releases}. */
"""


@dataclasses.dataclass(frozen=True)
class Want:
    """A member or a type that a reader wants."""
    kind: str       # M, S
    reader: str
    id: str
    module: str
    name: str       # type and path
    when: str       # kernels that have it, '' for all


@dataclasses.dataclass
class Kernel:
    """One kernel's answers: {Want: (offset, size) or (size,) or a reason}"""
    series: str
    release: str
    found: dict


def parse(line):
    """(Want, answer) of a line of `resolve`"""
    columns = line.split('\t')
    if columns[0] == 'M':
        kind, reader, ident, module, name, path, when = columns[:7]
        answer = columns[7:]
        name += '.' + path
    else:
        kind, reader, ident, module, name, when = columns[:6]
        answer = columns[6:]
    if not answer[0].isdigit():
        return Want(kind, reader, ident, module, name, when), answer[0]
    return (Want(kind, reader, ident, module, name, when),
            tuple(int(x) for x in answer))


def resolve(program, *args):
    return subprocess.run([program, *args], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=120).stdout


def ask(series, program):
    kernel = packages.kernel(series)
    modules = resolve(program, '--modules').split()
    folder = typeinfo.folder_of(kernel, modules)
    lines = resolve(program, folder).splitlines()
    release = kernel.release.split('+')[0].removesuffix('-amd64')
    return Kernel(series, release, dict(parse(line) for line in lines))


def number(series):
    return tuple(int(x) for x in series.split('.'))


def should_have(when, series):
    """Does a kernel of this series have what AMI_V says "until 6.11" of?"""
    if not when:
        return True
    at = number(series)
    for part in when.split(', '):
        words = part.split()
        if words[0] == 'until':
            low, high = (0, 0), number(words[1])
        elif words[0] == 'since':
            low, high = number(words[1]), (99, 0)
        else:
            low, high = number(words[0]), number(words[-1])
        if low <= at <= high:
            return True
    return False


def is_there(answer):
    return not isinstance(answer, str)


def not_built(want, kernel, kernels):
    """Is the module left out of this kernel, while others have it?"""
    return (kernel.found[want] == 'no-module' and
            any(k.found[want] != 'no-module' for k in kernels))


def readers_of(kernel):
    return sorted({want.reader for want in kernel.found} - {'kernel'})


def show_table(kernels):
    """Members and types that each reader found, of those it wants there."""
    row = '| {:10} |' + ' {:>12} |' * len(kernels)
    print(row.format('reader', *(k.release for k in kernels)))
    print('|---|' + '---|' * len(kernels))
    for reader in readers_of(kernels[0]):
        cells = []
        for kernel in kernels:
            wants = [w for w in kernel.found if w.reader == reader]
            wanted = [w for w in wants if should_have(w.when, kernel.series)
                      and not not_built(w, kernel, kernels)]
            got = [w for w in wants if is_there(kernel.found[w])]
            cells.append(f'{len(got)} of {len(wanted)}')
        print(row.format(reader, *cells))


def show_absent(kernels):
    """What some kernel has no place for, and why that is right."""
    print('\nAbsent, as the reader says:')
    for want in kernels[0].found:
        lacking = [k.series for k in kernels if not is_there(k.found[want])]
        unbuilt = [k.series for k in kernels if not_built(want, k, kernels)]
        if unbuilt and not want.when:
            print(f'  {want.reader}: {want.name}\n    {want.module} is not '
                  f'built in {", ".join(unbuilt)}')
        if want.when and lacking:
            print(f'  {want.reader}: {want.name}\n    not in '
                  f'{", ".join(lacking)}: mainline has it {want.when}')


def mistakes(kernels):
    """Sentences on what is not as the reader says."""
    for kernel in kernels:
        for want, answer in kernel.found.items():
            if want.reader == 'kernel':
                continue
            there, should = is_there(answer), should_have(want.when,
                                                          kernel.series)
            if should and not there:
                if not_built(want, kernel, kernels):
                    continue
                yield (f'{want.reader}: {want.name} (module {want.module}) is '
                       f'not in {kernel.release}: {answer}')
            elif there and not should:
                yield (f'{want.reader}: {want.name} is in {kernel.release}, '
                       f'but is said to be there {want.when}')


def layout_of(reader, kernels):
    """C rows: where each kernel has the reader's members"""
    lines = []
    for want in kernels[0].found:
        if want.reader != reader or (
                reader == 'kernel' and
                want.name.split('.')[0] not in KERNEL_TYPES):
            continue
        cells = []
        for kernel in kernels:
            answer = kernel.found[want]
            row = (*answer, 0) if is_there(answer) else (-1, 0)
            cells.append('{ ' + ', '.join(map(str, row[:2])) + ' }')
        lines.append(f'LAYOUT_{want.kind}({want.id}, {", ".join(cells)})\n')
    releases = ', '.join(k.release for k in kernels)
    return HEAD.format(releases=releases) + ''.join(lines)


def stale_layouts(kernels, renew):
    """Layouts in tests/unit that are not those of these kernels."""
    if [k.series for k in kernels] != list(STANDARD):
        return
    for reader in readers_of(kernels[0]) + ['kernel']:
        name = os.path.join(LAYOUTS, reader + '.inc')
        text, old = layout_of(reader, kernels), ''
        if os.path.exists(name):
            with open(name) as f:
                old = f.read()
        if renew and text != old:
            os.makedirs(LAYOUTS, exist_ok=True)
            with open(name, 'w') as f:
                f.write(text)
            print(f'written: tests/unit/layouts/{reader}.inc')
        elif old and old.split('\n')[1] != text.split('\n')[1]:
            print(f'note: tests/unit/layouts/{reader}.inc is of other '
                  'releases (make layouts renews it)')
        elif text != old:
            yield f'tests/unit/layouts/{reader}.inc: run `make layouts`'


def main(series, program, renew):
    """Fails when a member is absent and no reader says so."""
    kernels = []
    for name in series or STANDARD:
        kernels.append(ask(name, program))
    show_table(kernels)
    show_absent(kernels)
    wrong = [*mistakes(kernels), *stale_layouts(kernels, renew)]
    for sentence in wrong:
        print('WRONG', sentence)
    checked = sum(w.reader != 'kernel' for k in kernels for w in k.found)
    print(f'{max(checked - len(wrong), 0)} passed, {len(wrong)} failed')
    return 1 if wrong else 0
