#!/bin/bash
# The first process of a test host: makes the host out of this machine, says "ready", and is the host until its input ends.
#
# It runs in mount, process and network namespaces of its own, so nothing it mounts is seen outside and all of it is gone
# with it. HOST_FOLDER holds the host's clock, keys and configuration. It is bash because the first process must reap what
# the others leave behind.
set -euo pipefail
umask 022

ip link set lo up

# /run, where daemons meet, and /tmp and the home, where a probe would leave something behind, are the host's own.
mount -t tmpfs host-run /run
mkdir /run/host /run/etc /run/sshd
mkdir -m 0755 /run/chrony
mount --bind "$HOST_FOLDER" /run/host
mount --bind /run/host/tmp /tmp

# /etc is this machine's, but for the users, the shells and the preloaded clock.
mount --bind /etc /run/etc
mount -t tmpfs host-etc /etc
ln -s /run/etc/* /etc/
rm -f /etc/passwd /etc/shells /etc/ld.so.preload /etc/nologin
echo "audit:*:4242:65534::/run/host/home:$HOST_LOGIN_SHELL" | cat /run/etc/passwd - >/etc/passwd
printf '%s\n' "$HOST_LOGIN_SHELL" >/etc/shells

# Programs in the place of others, NAME=PROGRAM, then those that the host lacks.
for replacement in $HOST_REPLACED; do
    mount --bind "$(command -v "${replacement#*=}")" "$(command -v "${replacement%%=*}")"
done
for program in $HOST_HIDDEN; do
    for path in $(type -ap "$program"); do
        mount --bind /bin/false "$path"
    done
done

# From here on every program that is started has the host's clock.
echo /run/host/clock.so >/etc/ld.so.preload

if [ -e /run/host/chrony.conf ]; then
    mount -t tmpfs host-chrony /var/lib/chrony
    TEST_HOST_CLOCK=/run/host/server-clock chronyd -x -u root -f /run/host/server.conf >>/run/host/log 2>&1
    chronyd -u root -f /run/host/chrony.conf >>/run/host/log 2>&1
    chronyc waitsync 300 0.01 0 0.1 >>/run/host/log 2>&1
fi

echo ready
while read -r _; do :; done
