#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes what follows from include/amdiommu/commands.def.

usage: commands.py [--check]

Writes the completions of bash, zsh and fish, and the lists of commands between
marks in the documents. With --check it writes nothing; it fails where they are
not as the table says, where the man page does not describe an option, where the
JSON schema has no definition of a view, and where a letter of crash means two
things.
"""
import ast
import itertools
import json
import re
import sys
import textwrap

from made import only_checked, read, settle

TABLE = 'include/amdiommu/commands.def'
SCHEMA = 'docs/amdiommu-report.schema.json'
SHORT = 'jaxdvhV'       # tools/help.c: options that have a short form
COMMON = 'limLhVs'       # tools/commands.c: what every command takes
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'.\'|[\w]+|,|\s+')


def fields(body):
    """The arguments of a macro; adjacent strings are one."""
    row, now = [], None
    for token in TOKEN.findall(body):
        if token == ',':
            row.append(now)
            now = None
        elif token[0] in '"\'':
            now = (now or '') + ast.literal_eval(token)
        elif not token.isspace():
            now = token
    return row + [now]


def table():
    """[(kind, fields)]: rows of AMI_COMMAND, AMI_TOOL and AMI_OPTION."""
    text = re.sub(r'/\*.*?\*/', '', read(TABLE), flags=re.DOTALL)
    text = re.sub(r'^#.*$', '', text, flags=re.MULTILINE)
    return [(kind, fields(body)) for kind, body in
            re.findall(r'^AMI_(\w+)\((.*?)\)$', text,
                       re.DOTALL | re.MULTILINE)]


class Command:
    def __init__(self, kind, row):
        (_, self.name, self.letter, self.args, _, _, self.options,
         self.summary, self.more, _, self.example) = row
        self.view = kind == 'COMMAND'

    def words(self):
        """[name, argument...] of the first example, without the dump."""
        line = self.example.splitlines()[0].split('|')[0].split()
        return [self.name] + line[line.index('vmcore') + 1:]


class Option:
    def __init__(self, row):
        self.key, self.name, self.arg, self.of, self.summary = row


def commands():
    return [Command(kind, row) for kind, row in table() if kind != 'OPTION']


def options():
    return [Option(row) for kind, row in table() if kind == 'OPTION']


def views():
    return [c for c in commands() if c.view]


def taken(command):
    keys = COMMON + command.options + ('d' if 'x' in command.options else '')
    return [o for o in options() if o.key in keys]


BASH = '''# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of amdiommu(1), made by scripts/commands.py

_amdiommu()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands='@COMMANDS@'
	local command= options= word before= n=0

	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $before in
		@FILES@ | -j | --jobs | --owner | --device)
			before=
			continue ;;
		esac
		before=$word
		[[ $word == -* ]] && continue
		[[ -z $command ]] && command=$word
		n=$((n + 1))
	done
	case $prev in
	@FILES@)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-j | --jobs | --owner | --device)
		return ;;
	esac
	case $command in
@CASES@
	'') options='--help --version' ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands help" -- "$cur")
	elif [[ $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
	elif [[ $n == 1 || $command == check || $command == extract ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _amdiommu amdiommu
'''

ZSH = '''#compdef amdiommu
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion of amdiommu(1), made by scripts/commands.py

local -a commands=(
@COMMANDS@
	'help:help on a command'
)
local -a options=(
@OPTIONS@
)

_arguments -S $options '1: :{_describe command commands}' \\
	'2: :{[[ $words[2] == help ]] && _describe command commands || _files}' \\
	'*:dump:_files'
'''

FISH = '''# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of amdiommu(1), made by scripts/commands.py

complete -c amdiommu -n __fish_use_subcommand -f -a help -d 'help on a command'
'''


def bash():
    names = ' '.join(c.name for c in commands())
    files = ' | '.join('--' + o.name for o in options() if o.arg == 'FILE')
    cases = [f"\t{c.name}) options='"
             + ' '.join('--' + o.name for o in taken(c) if o.key != 'V')
             + "' ;;" for c in commands()]
    return (BASH.replace('@COMMANDS@', names).replace('@FILES@', files)
            .replace('@CASES@', '\n'.join(cases)))


def quoted(text):
    return text.replace("'", "'\\''")


def zsh_option(o):
    text = quoted(f'{o.of}: {o.summary}' if o.of else o.summary)
    text = text.replace(':', '\\:').replace('[', '').replace(']', '')
    value = {'FILE': ':file:_files', 'N': ':number:', 'CLASS': ':class:', 'A-B': ':range:',
             'BDF': ':device:', '': ''}[o.arg]
    if o.key in SHORT:
        return (f"\t'(-{o.key} --{o.name})'{{-{o.key},--{o.name}}}"
                f"'[{text}]{value}'")
    return f"\t'--{o.name}[{text}]{value}'"


def zsh():
    names = '\n'.join(f"\t'{c.name}:{quoted(c.summary)}'" for c in commands())
    return (ZSH.replace('@COMMANDS@', names)
            .replace('@OPTIONS@', '\n'.join(map(zsh_option, options()))))


def fish():
    lines = [f"complete -c amdiommu -n __fish_use_subcommand -f -a {c.name} "
             f"-d '{quoted(c.summary)}'" for c in commands()]
    for o in options():
        seen = ' '.join(c.name for c in commands()
                        if o.key in [t.key for t in taken(c)])
        lines.append(
            f"complete -c amdiommu -n '__fish_seen_subcommand_from {seen}'"
            f"{' -s ' + o.key if o.key in SHORT else ''} -l {o.name}"
            f"{' -r' if o.arg else ''} -d '{quoted(o.summary)}'")
    return FISH + '\n'.join(lines) + '\n'


def between(name, text, begin, end):
    """The file @name with @text in place of what stands between the marks."""
    old = read(name)
    first, last = old.index(begin) + len(begin), old.index(end)
    return old[:first] + text + old[last:]


def readme():
    names = ', '.join(f'`{c.name}`' for c in commands())
    return between('README.md', '\n' + textwrap.fill(names + ':', 79) + '\n',
                   '<!-- commands -->', '<!-- end of commands -->')


def roff(args):
    return re.sub(r'[A-Z]+', r'\\fI\g<0>\\fR', args)


def roff_text(text):
    """Words of a paragraph; nothing in them is a request or a hyphen."""
    lines = textwrap.wrap(' '.join(text.split()), 78,
                          break_on_hyphens=False)
    return ''.join(('\\&' if line[0] in ".'" else '')
                   + line.replace('\\', '\\e').replace('-', '\\-') + '\n'
                   for line in lines)


def roff_help(text):
    """Paragraphs, and between them rows that begin with two spaces."""
    parts = []
    for rows, lines in itertools.groupby(text.splitlines(),
                                         lambda l: l.startswith('  ')):
        if rows:
            lines = [roff_row(line) for line in lines]
            parts.append('.nf\n' + ''.join(lines) + '.fi\n')
        else:
            parts.append(roff_text(' '.join(lines)))
    return ''.join(parts)


def roff_row(line):
    return line.replace('\\', '\\e').replace('-', '\\-') + '\n'


def man_command(c):
    dumps = ' " " \\fIDUMP\\fR...' if c.name == 'check' else ''
    args = f' " {roff(c.args)}"' if c.args else ''
    text = c.summary + ('. ' + c.more if c.more else '')
    return f'.TP\n.BR {c.name}{dumps}{args}\n{roff_help(text)}'


def man():
    return between('docs/man/amdiommu.1',
                   '\n' + ''.join(map(man_command, commands())),
                   '.\\" commands', '.\\" end of commands')


def man_crash():
    parts = [f'.TP\n.BR \\-{c.letter} ", " {c.name}'
             + (f' " {roff(c.args)}"' if c.args else '')
             + f'\n{roff_text(c.summary)}' for c in views()]
    return between('docs/man/amdiommu-crash.8', '\n' + ''.join(parts),
                   '.\\" commands', '.\\" end of commands')


def missing():
    """What has to be written by hand for a command, and is not."""
    page = read('docs/man/amdiommu.1')
    schema = json.loads(read(SCHEMA))
    listed = [kind['$ref'] for kind in schema['anyOf']]
    letters = dict.fromkeys('abjPvxd', 'an option of crash')
    for c in views():
        ref = f'#/$defs/view_{c.name}'
        if f'view_{c.name}' not in schema['$defs']:
            yield (f'{SCHEMA} has no definition view_{c.name}: write it by '
                   'hand, after the model of another view')
        if ref not in listed:
            yield (f'{SCHEMA}: anyOf at the top has no {ref}: '
                   'write it by hand')
        if c.letter in letters:
            yield (f'{TABLE}: letter {c.letter} of {c.name} is that of '
                   f'{letters[c.letter]}: choose another')
        letters[c.letter] = c.name
    for o in options():
        if '\\-\\-' + o.name.replace('-', '\\-') not in page:
            yield f'docs/man/amdiommu.1 does not describe --{o.name}'


def main():
    made = {'completions/amdiommu.bash': bash(), 'completions/_amdiommu': zsh(),
            'completions/amdiommu.fish': fish(), 'README.md': readme(),
            'docs/man/amdiommu.1': man(),
            'docs/man/amdiommu-crash.8': man_crash()}
    bad = settle(made, TABLE)
    for why in missing():
        print(why)
        bad += 1
    if only_checked():
        print(f'{len(made) + len(commands()) - bad} passed, {bad} failed')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
