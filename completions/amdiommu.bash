# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of amdiommu(1)

_amdiommu()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands='report check devices domains map translate who ring log
		irq flushq pages transfers dmesg mark extract'
	local options='--vmlinux --low-memory --marks --output --json --pages --verbose --help'
	local command= word before= n=0

	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $before in
		--vmlinux | --marks | --output | --html | -j | --jobs)
			before=
			continue ;;
		esac
		before=$word
		[[ $word == -* ]] && continue
		[[ -z $command ]] && command=$word
		n=$((n + 1))
	done
	case $prev in
	--vmlinux | --marks | --output | --html)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-j|--jobs)
		return ;;
	esac
	case $command in
	report) options+=' --bug --html --force' ;;
	mark | extract) options+=' --force' ;;
	check) options+=' --jobs' ;;
	dmesg) options+=' --all' ;;
	esac
	if [[ $cur == -* ]]; then
		[[ -z $command ]] && options+=' --version'
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
