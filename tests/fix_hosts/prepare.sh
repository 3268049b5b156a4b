#!/bin/bash
# Makes what the fix hosts are copies of, once: a Debian with systemd, chrony, sshd and sudo, as Debian installs them.
#
#     prepare.sh FOLDER     FOLDER/rootfs is the system, FOLDER/nspawn the program that boots it, FOLDER/made the mark
#
# The system's files belong to the user numbers that its containers have on this machine, so nothing is changed to start one.
set -euo pipefail
folder=$(realpath -m "$1")
# What goes into it: another list makes another system.
included=systemd,systemd-sysv,dbus,libpam-systemd,chrony,openssh-server,sudo,iproute2,e2fsprogs
recipe="2 $included"
[ "$(cat "$folder/made" 2>/dev/null)" != "$recipe" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder/download"

# systemd-nspawn is unpacked where it is not installed: installing it may replace this machine's systemd.
if command -v systemd-nspawn >/dev/null; then
    printf '#!/bin/sh\nexec systemd-nspawn "$@"\n' >"$folder/nspawn"
else
    (cd "$folder/download" && apt-get -qq download systemd-container libsystemd-shared)
    for package in "$folder"/download/*.deb; do dpkg-deb -x "$package" "$folder/unpacked"; done
    cat >"$folder/nspawn" <<'END'
#!/bin/sh
here=$(dirname "$(realpath "$0")")/unpacked
library=$(dirname "$(find "$here" -name 'libsystemd-shared-*.so' | head -n 1)")
exec env LD_LIBRARY_PATH="$library" "$here/usr/bin/systemd-nspawn" "$@"
END
fi
chmod 0755 "$folder/nspawn"
rm -r "$folder/download"

# From where this machine has its own packages, in the release that it has: the preloaded clock is built for its C library.
. /etc/os-release
archive=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
debootstrap --variant=minbase --include="$included" "$VERSION_CODENAME" "$folder/rootfs" "${archive%/}" >"$folder/log" 2>&1 || {
    tail -n 20 "$folder/log" >&2
    exit 1
}
root=$folder/rootfs
# What hosts without chrony install, and what goes for it and comes back, as an archive of their own: tests need no network.
packages=$root/var/local/packages
mkdir -p "$packages"
cp "$root"/var/cache/apt/archives/chrony_*.deb "$packages"
index=$(find "$root/var/lib/apt/lists" -name '*_main_binary-*_Packages' | head -n 1)
timesyncd=$(awk -v RS= '/^Package: systemd-timesyncd\n/' "$index" | sed -n 's/^Filename: //p')
/usr/lib/apt/apt-helper -qq download-file "${archive%/}/$timesyncd" "$packages/$(basename "$timesyncd")"
(cd "$packages" && for package in *.deb; do
    dpkg-deb --field "$package"
    printf '%s\n' "Filename: ./$package" "Size: $(stat -c %s "$package")" "SHA256: $(sha256sum <"$package" | cut -d ' ' -f 1)" ''
done >Packages)
echo 'deb [trusted=yes] file:/var/local/packages ./' >"$root/etc/apt/sources.list"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info}
# What an idle host needs not, and what would write while a test looks whether anything was written.
for unit in console-getty.service getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
chroot "$root" apt-get -qq update
chroot "$root" useradd --create-home --shell /bin/bash --uid 4242 audit
mkdir -p -m 0700 "$root/home/audit/.ssh"
chroot "$root" chown audit: /home/audit/.ssh
echo 'audit ALL=(root) NOPASSWD: ALL' >"$root/etc/sudoers.d/audit"
chmod 0440 "$root/etc/sudoers.d/audit"
printf '%s\n' 'UseDNS no' 'MaxStartups 100' >"$root/etc/ssh/sshd_config.d/tests.conf"
: >"$root/etc/machine-id"

# nspawn gives every file to the container's user numbers, the first time.
"$folder/nspawn" --quiet --directory="$root" --private-users=1879048192:65536 --private-users-ownership=chown \
    --register=no --keep-unit --private-network --pipe /bin/true
echo "$recipe" >"$folder/made"
