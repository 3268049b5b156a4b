#!/bin/bash
# A site of fix hosts: a network of their own with time servers, and containers that boot there. It says "ready" and is the
# site until its input ends.
#
# It runs in mount, process and network namespaces of its own, without the right to set a clock: all of it is gone with it.
# SITE_FOLDER holds a folder for each host with its clock; SYSTEM is what `prepare.sh` made; HOSTS are the hosts' names;
# BOOT is how they start: `whole`, by systemd; `light`, with nothing but sshd and chronyd of a sysv init; or `openrc`, with sshd and
# what OpenRC starts.
# SERVERS are addresses of time servers, each with how far it is ahead: `169.254.169.123=clock`, a clock of the site's folder.
set -euo pipefail
umask 022
first_user=1879048192

# Control groups of this site; its processes end before them, for a group that has one stays.
groups=()
leave() {
    kill -KILL -1 2>/dev/null || true
    wait
    for group in "${groups[@]}"; do
        for _ in {1..100}; do
            find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
            sleep 0.05
        done
    done
}
trap leave EXIT

ip link set lo up
ip link add segment type bridge
ip link set segment up
ip addr add 10.88.0.1/24 dev segment
sysctl -qw net.ipv4.ip_forward=0

for server in $SERVERS; do
    address=${server%%=*} clock=${server#*=}
    ip addr add "$address/32" dev segment
    # Nothing that is sent to a time server's address may leave this machine.
    ip route get "$address" | grep -q '^local ' || { echo "$address is not here" >&2; exit 1; }
    printf '%s\n' "bindaddress $address" "allow" "local stratum 1" "cmdport 0" "bindcmdaddress /" \
        "pidfile $SITE_FOLDER/$address.pid" >"$SITE_FOLDER/$address.conf"
    TEST_HOST_CLOCK=$SITE_FOLDER/$clock LD_PRELOAD=$SITE_FOLDER/clock.so \
        chronyd -x -u root -f "$SITE_FOLDER/$address.conf" >>"$SITE_FOLDER/log" 2>&1
done

case $BOOT in
whole) first=systemd boot='--boot' ;;
light) first='(sd-stubinit)' boot='--as-pid2' start='/etc/init.d/chrony start' ;;
openrc) first='(sd-stubinit)' boot='--as-pid2' start='mkdir /run/openrc; echo default >/run/openrc/softlevel; openrc default' ;;
esac

number=10
for host in $HOSTS; do
    number=$((number + 1))
    folder=$SITE_FOLDER/$host
    mkdir -p "$folder"/{files,work,root}
    mount -t overlay "$host" -o "lowerdir=$SYSTEM/rootfs,upperdir=$folder/files,workdir=$folder/work" "$folder/root"
    root=$folder/root
    install -m 0755 "$SITE_FOLDER/clock.so" "$root/usr/lib/clock.so"
    echo /usr/lib/clock.so >"$root/etc/ld.so.preload"
    echo "$host" >"$root/etc/hostname"
    echo "127.0.1.1 $host" >>"$root/etc/hosts"
    cp "$SITE_FOLDER/key.pub" "$root/home/audit/.ssh/authorized_keys"
    chown $((first_user + 4242)) "$root/home/audit/.ssh/authorized_keys"
    chown "$first_user" "$folder/clock" "$root/etc/hostname"
    # It cannot do without the stamps of its sockets; the preloaded clock translates them.
    mkdir -p "$root/etc/systemd/system/systemd-journald.service.d"
    printf '[Service]\nEnvironment=TEST_HOST_STAMPS=yes\n' >"$root/etc/systemd/system/systemd-journald.service.d/stamps.conf"
    # What this host has that others have not.
    if [ -e "$folder/furnish" ]; then (cd "$root" && . "$folder/furnish"); fi
    command=
    if [ "$BOOT" != whole ]; then
        command=/root/start
        printf '%s\n' '#!/bin/sh' 'mkdir -p /run/sshd' "$start" 'exec /usr/sbin/sshd -D' >"$root$command"
        chmod 0755 "$root$command"
        chown $first_user:$first_user "$root$command"
    fi
    # An init takes every process in its control groups for its own services' and removes what is empty there: inits that share
    # groups wait for, and take away, each other's.
    own=()
    while read -r mounted type options; do
        case $type,$options, in
        cgroup2,*) group=$(sed -n 's/^0:://p' /proc/self/cgroup) ;;
        cgroup,*,name=systemd,*) group=$(sed -n 's/^[0-9]*:name=systemd://p' /proc/self/cgroup) ;;
        *) continue ;;
        esac
        group=$mounted${group%/}/site${SITE_FOLDER##*/}-$host
        mkdir "$group"
        own+=("$group")
    done < <(findmnt -rno TARGET,FSTYPE,OPTIONS -t cgroup,cgroup2)
    groups+=("${own[@]}")
    (
        for group in "${own[@]}"; do echo 0 >"$group/cgroup.procs"; done
        exec "$SYSTEM/nspawn" --quiet --directory="$root" $boot --private-users=$first_user:65536 \
            --private-users-ownership=off --private-network --register=no --keep-unit --capability=CAP_SYS_TIME \
            --machine="$host" --bind="$folder/clock:/run/host/clock" --console=pipe $command
    ) </dev/null >"$folder/log" 2>&1 &
    nspawn=$!
    # nspawn's first child makes the one that becomes the container's init.
    until leader=$(cat "/proc/$nspawn/task/$nspawn/children") && leader=${leader%% *} && [ "$leader" ] &&
        [ "$(cat "/proc/$leader/comm" 2>/dev/null)" = "$first" ]; do
        kill -0 $nspawn || { cat "$folder/log" >&2; exit 1; }
        sleep 0.05
    done
    ip link add "$host" type veth peer name "in-$host"
    ip link set "$host" master segment up
    ip link set "in-$host" netns "$leader"
    nsenter --net="/proc/$leader/ns/net" sh -c "
        ip link set in-$host name host0 && ip addr add 10.88.0.$number/24 dev host0 && ip link set host0 up &&
        ip link set lo up && ip route add 169.254.0.0/16 dev host0"
    echo "$leader" >"$folder/leader"
done
for host in $HOSTS; do
    leader=$(cat "$SITE_FOLDER/$host/leader")
    if [ "$BOOT" != whole ]; then
        until nsenter --all --target="$leader" sh -c 'chronyc -n tracking && grep -q ":0016 .* 0A " /proc/net/tcp' >/dev/null 2>&1
        do
            kill -0 "$leader"
            sleep 0.1
        done
        continue
    fi
    # `degraded` is what a container is that lacks what only a machine can have; before its init answers it is nothing.
    until [ -n "$(nsenter --all --target="$leader" systemctl is-system-running --wait 2>/dev/null | grep -e running -e degraded)" ]
    do
        kill -0 "$leader"
        sleep 0.05
    done
    # Others than these are named by what was done to its files.
    units=$(cat "$SITE_FOLDER/$host/units" 2>/dev/null || echo ssh chrony dbus)
    nsenter --all --target="$leader" systemctl is-active --quiet $units || {
        nsenter --all --target="$leader" systemctl status --no-pager $units >&2
        exit 1
    }
done

echo ready
while read -r _; do :; done
