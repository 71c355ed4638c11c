# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of amdiommu(1), made by scripts/commands.py

_amdiommu()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands='report check devices domains map translate who rd ring log irq flushq pages scan transfers dmesg compare mark extract'
	local command= options= word before= n=0

	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $before in
		--vmlinux | --vmcoreinfo | --marks | --html | --output | -j | --jobs | --owner | --device)
			before=
			continue ;;
		esac
		before=$word
		[[ $word == -* ]] && continue
		[[ -z $command ]] && command=$word
		n=$((n + 1))
	done
	case $prev in
	--vmlinux | --vmcoreinfo | --marks | --html | --output)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-j | --jobs | --owner | --device)
		return ;;
	esac
	case $command in
	report) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --pages --bug --html --force --no-identity --hex --decimal --verbose --help' ;;
	check) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --jobs --strict --table --csv --no-identity --help' ;;
	devices) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	domains) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	map) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	translate) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	who) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	rd) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	ring) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	log) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	irq) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	flushq) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	pages) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --pages --owners --class --range --owner --device --hex --decimal --verbose --help' ;;
	scan) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --owner --device --hex --decimal --verbose --help' ;;
	transfers) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --hex --decimal --verbose --help' ;;
	dmesg) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --no-identity --all --hex --decimal --verbose --help' ;;
	compare) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --json --help' ;;
	mark) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --output --force --help' ;;
	extract) options='--vmlinux --vmcoreinfo --marks --low-memory --deep --force --help' ;;
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
