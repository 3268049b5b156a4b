#!/bin/bash
# Makes what the long tests need beyond `tests/run`, where it is missing; the system of the fix hosts is there already.
#
#     prepare.sh FOLDER SYSTEM     FOLDER/packages is an archive of other timekeepers for hosts of SYSTEM, FOLDER/openrc the
#                                  files of OpenRC, FOLDER/machine a virtual machine: `kernel`, `initrd`, `disk`, and `qemu`, which
#                                  runs it
#
# Nothing of it is installed on this machine.
set -euo pipefail
folder=$(realpath -m "$1")
system=$(realpath -m "$2")
. /etc/os-release
say() { printf '\n== %s\n' "$*"; }
# fresh NAME RECIPE: whether a part has to be made, from this recipe; then its folder is empty.
fresh() {
    [ "$(cat "$folder/$1/made" 2>/dev/null)" != "$2" ] || return 1
    rm -rf "${folder:?}/$1"
    mkdir -p "$folder/$1"
}

packages=$folder/packages
if fresh packages "$VERSION_CODENAME 1"; then
    say "downloading timekeepers for the hosts of a fix"
    apt-get -qq update
    # With each comes what it needs on such a host.
    mkdir -p "$packages/partial"
    for package in ntpsec openntpd; do
        apt-get -qq -y -o Dir::State::status="$system/rootfs/var/lib/dpkg/status" -o Dir::Cache::archives="$packages" \
            -o Debug::NoLocking=1 --download-only --no-install-recommends install $package chrony-
    done
    rmdir "$packages/partial"
    # Debian 12 has no ntpd-rs. That of the next Debian runs on it, and is told to be content with its C library.
    if ! (cd "$packages" && apt-get -qq download ntpd-rs 2>/dev/null); then
        next=$(mktemp -d)
        mkdir -p "$next/lists/partial"
        archive=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive trixie main" >"$next/list"
        of_next=(-o "Dir::Etc::sourcelist=$next/list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$next/lists")
        apt-get -qq "${of_next[@]}" update
        (cd "$next" && apt-get -qq "${of_next[@]}" download ntpd-rs)
        dpkg-deb -R "$next"/ntpd-rs_*.deb "$next/unpacked"
        sed -i 's/libc6 (>= [0-9.]*)/libc6/' "$next/unpacked/DEBIAN/control"
        dpkg-deb -b "$next/unpacked" "$packages" >/dev/null
        rm -r "$next"
    fi
    (cd "$packages" && for package in *.deb; do
        dpkg-deb --field "$package"
        printf '%s\n' "Filename: ./$package" "Size: $(stat -c %s "$package")" "SHA256: $(sha256sum <"$package" | cut -d ' ' -f 1)" ''
    done >Packages)
    echo "$VERSION_CODENAME 1" >"$packages/made"
fi

openrc=$folder/openrc
if fresh openrc "$VERSION_CODENAME 1"; then
    say "unpacking OpenRC"
    mkdir "$openrc/download"
    apt-get -qq update
    (cd "$openrc/download" && apt-get -qq download openrc librc1 libeinfo1)
    for package in "$openrc"/download/*.deb; do dpkg-deb -x "$package" "$openrc/files"; done
    rm -r "$openrc/download"
    echo "$VERSION_CODENAME 1" >"$openrc/made"
fi

machine=$folder/machine
included=linux-image-cloud-amd64,systemd,systemd-sysv,udev,dbus,chrony,openssh-server,sudo,iproute2
if [ "$(dpkg --print-architecture)" = amd64 ] && fresh machine "$VERSION_CODENAME 1 $included"; then
    say "making a virtual machine"
    # qemu is unpacked, not installed: what comes with it would take other packages' places.
    mkdir "$machine/download" "$machine/unpacked"
    needed=$(apt-get -s --no-install-recommends install qemu-system-x86 | awk '$1 == "Inst" { print $2 }')
    (cd "$machine/download" && apt-get -qq download qemu-system-x86 qemu-system-common qemu-system-data seabios $needed)
    for package in "$machine"/download/*.deb; do dpkg-deb -x "$package" "$machine/unpacked"; done
    rm -r "$machine/download"
    cat >"$machine/qemu" <<'END'
#!/bin/sh
here=$(dirname "$(realpath "$0")")/unpacked
library=lib/x86_64-linux-gnu
export LD_LIBRARY_PATH="$here/usr/$library:$here/$library" QEMU_MODULE_DIR="$here/usr/$library/qemu"
exec "$here/usr/bin/qemu-system-x86_64" -L "$here/usr/share/qemu" -L "$here/usr/share/seabios" "$@"
END
    chmod 0755 "$machine/qemu"

    archive=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
    root=$machine/rootfs
    debootstrap --variant=minbase --include="$included" "$VERSION_CODENAME" "$root" "${archive%/}" >"$machine/log" 2>&1 || {
        tail -n 20 "$machine/log" >&2
        exit 1
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info}
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
    chroot "$root" useradd --create-home --shell /bin/bash audit
    # Whoever starts it has a key made for it, and hands it over at boot.
    printf '%s\n' 'AuthorizedKeysFile /run/key' 'UseDNS no' >"$root/etc/ssh/sshd_config.d/tests.conf"
    echo 'audit ALL=(root) NOPASSWD: ALL' >"$root/etc/sudoers.d/audit"
    chmod 0440 "$root/etc/sudoers.d/audit"
    echo machine >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 machine\n' >"$root/etc/hosts"
    echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
    # The network of qemu's own making; the key from the kernel's command line; and a word when all is there.
    cat >"$root/usr/local/sbin/start" <<'END'
#!/bin/sh
for word in $(cat /proc/cmdline); do case $word in key=*) echo "ssh-ed25519 ${word#key=}" >/run/key ;; esac; done
chmod 0644 /run/key
udevadm settle
device=$(ls /sys/class/net | grep -vx lo)
ip link set lo up
ip link set "$device" up
ip addr add 10.0.2.15/24 dev "$device"
ip route add default via 10.0.2.2
END
    chmod 0755 "$root/usr/local/sbin/start"
    printf '%s\n' '[Unit]' 'Before=ssh.service chrony.service' '[Service]' 'Type=oneshot' 'ExecStart=/usr/local/sbin/start' \
        >"$root/etc/systemd/system/start.service"
    printf '%s\n' '[Unit]' 'Requires=start.service ssh.service chrony.service' 'After=ssh.service chrony.service' \
        '[Service]' 'Type=oneshot' "ExecStart=/bin/sh -c 'echo the machine is ready >/dev/ttyS0'" >"$root/etc/systemd/system/ready.service"
    mkdir -p "$root/etc/systemd/system/default.target.wants"
    for unit in start ready; do ln -s "../$unit.service" "$root/etc/systemd/system/default.target.wants/$unit.service"; done
    cp -L "$root"/boot/vmlinuz-* "$machine/kernel"
    cp -L "$root"/boot/initrd.img-* "$machine/initrd"
    mke2fs -q -t ext4 -L root -d "$root" "$machine/disk" 2G
    rm -r "$root"
    echo "$VERSION_CODENAME 1 $included" >"$machine/made"
fi
