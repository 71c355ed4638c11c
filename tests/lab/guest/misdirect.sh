# SPDX-License-Identifier: GPL-2.0-or-later
# Part of init.sh of the guest: pages that a device is about to fill become page
# tables, stacks and slabs, then it fills them. One CPU only, whose list of free
# pages gives them out again.
taskset -p 1 $$
mount -t tmpfs none /tmp
mkdir /tmp/t
reuse() {
	number=0
	while [ $number -lt "$2" ]; do
		: >"/tmp/t/$1-$number"
		number=$((number + 1))
	done
	number=0
	while [ $number -lt "$3" ]; do
		sleep 1000 &
		number=$((number + 1))
	done
}
case $(setting misdirect) in
frames)
	echo "== frames 0"
	sleep 2
	insmod /misdirect.ko $(words arguments)
	reuse a 500 8
	reuse b 500 4
	echo "== reused"
	echo "== frames 200"
	sleep 3
	echo "== frames 0"
	sleep 1
	;;
reads)
	insmod /misdirect.ko $(words arguments)
	reuse a 300 5
	echo "== reused"
	sleep 12
	;;
clean)
	# Much reuse of pages that held frames, and none misdirected.
	echo "== frames 300"
	sleep 3
	reuse a 3000 20
	ip link set eth0 down
	reuse b 1500 10
	ip link set eth0 up
	sleep 4
	;;
esac
