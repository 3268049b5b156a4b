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
# While all of this machine's files are still seen: the checkout may lie under /tmp.
if [ -n "${HOST_PACKAGE:-}" ]; then
    mkdir /run/package
    cp -a "$HOST_PACKAGE/usr/." "$HOST_PACKAGE/lib" /run/package/
fi
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

# A timekeeper that is not installed on this machine, laid over its programs.
if [ -n "${HOST_PACKAGE:-}" ]; then
    mount -t overlay host-usr -o lowerdir=/run/package:/usr /usr
    for user in ntpd ntpsec systemd-timesync; do
        grep -q "^$user:" /etc/passwd || echo "$user:*:4243:65534::/run/nobody:/bin/false" >>/etc/passwd
    done
    mkdir -m 0755 /run/nobody
    mount -t tmpfs host-lib /var/lib
    mkdir -p /var/lib/openntpd/run /var/lib/openntpd/db /var/lib/systemd/timesync /var/lib/chrony
fi

# serve ADDRESS CLOCK: a time server at a loopback address.
serve() {
    printf '%s\n' "bindaddress $1" "allow 127.0.0.0/8" "local stratum 1" "cmdport 0" "bindcmdaddress /" \
        "pidfile /run/chrony/$1.pid" >"/run/chrony/$1.conf"
    TEST_HOST_CLOCK=/run/host/$2 chronyd -x -u root -f "/run/chrony/$1.conf" >>/run/host/log 2>&1
}

# serve_apart CLOCK: a time server at 10.99.0.2 on a machine of its own, for timekeepers that take port 123 everywhere.
serve_apart() {
    printf '%s\n' "bindaddress 10.99.0.2" "allow 10.99.0.0/24" "local stratum 1" "cmdport 0" "bindcmdaddress /" \
        "pidfile /run/chrony/apart.pid" >/run/chrony/apart.conf
    ip link add host0 type veth peer name server0
    TEST_HOST_CLOCK=/run/host/$1 unshare --net bash -c '
        until ip addr add 10.99.0.2/24 dev server0 2>/dev/null; do :; done
        ip link set server0 up
        exec chronyd -n -x -u root -f /run/chrony/apart.conf' >>/run/host/log 2>&1 &
    local server=$!
    # Until it has a network of its own, it would be given this one.
    until [ "$(readlink /proc/$server/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
    ip link set server0 netns $server
    ip addr add 10.99.0.1/24 dev host0
    ip link set host0 up
    within 30 chronyd -Q -t 2 "server 10.99.0.2 maxsamples 1"
}

# follow LINE...: a chronyd with these lines of configuration.
follow() {
    mount -t tmpfs host-chrony /var/lib/chrony
    printf '%s\n' "$@" "pidfile /run/chrony/chronyd.pid" >/run/chrony/chrony.conf
    chronyd -u root -f /run/chrony/chrony.conf >>/run/host/log 2>&1
}

# within TRIES COMMAND...: runs it every tenth of a second until it succeeds; the host does not start where it never does.
within() {
    local tries=$1
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$tries" -gt 0 ] || { echo "in vain: $*" >&2; exit 1; }
        tries=$((tries - 1))
        sleep 0.1
    done
}

# From here on every program that is started has the host's clock.
echo /run/host/clock.so >/etc/ld.so.preload

if [ -e /run/host/chrony.conf ]; then
    mount -t tmpfs host-chrony /var/lib/chrony
    TEST_HOST_CLOCK=/run/host/server-clock chronyd -x -u root -f /run/host/server.conf >>/run/host/log 2>&1
    chronyd -u root -f /run/host/chrony.conf >>/run/host/log 2>&1
    chronyc waitsync 300 0.01 0 0.1 >>/run/host/log 2>&1
fi

eval "$HOST_START"

echo ready
while read -r _; do :; done
