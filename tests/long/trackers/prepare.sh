#!/bin/bash
# Makes what the real Redmine and Request Tracker of the long test run in, once: a Debian with both, as Debian installs them, SQLite
# below them.
#
#     prepare.sh FOLDER     FOLDER/rootfs is the system, FOLDER/redmine-key the key of Redmine's administrator, FOLDER/made the mark
set -euo pipefail
folder=$(realpath -m "$1")
[ ! -e "$folder/made" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder"
. /etc/os-release
archive=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
root=$folder/rootfs
debootstrap --variant=minbase "$VERSION_CODENAME" "$root" "${archive%/}" >"$folder/log" 2>&1
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
cat >"$root/root/make.sh" <<'END'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 RAILS_ENV=production REDMINE_LANG=en
debconf-set-selections <<'ANSWERS'
request-tracker5 request-tracker5/initial-root-password password r00t-secret
request-tracker5 request-tracker5/initial-root-password-again password r00t-secret
request-tracker5 request-tracker5/dbconfig-install boolean true
request-tracker5 request-tracker5/database-type select sqlite3
request-tracker5 request-tracker5/organization string example.com
request-tracker5 request-tracker5/rtname string example.com
request-tracker5 request-tracker5/handle-siteconfig-permissions boolean true
redmine redmine/instances/default/dbconfig-install boolean true
redmine redmine/instances/default/database-type select sqlite3
ANSWERS
apt-get -qq update
apt-get -qq install -y --no-install-recommends redmine redmine-sqlite puma
apt-get -qq install -y --no-install-recommends request-tracker5 rt5-db-sqlite rt5-standalone
apt-get clean
cat >/etc/request-tracker5/RT_SiteConfig.d/99-test.pm <<'PERL'
Set($WebPath, '');
Set($WebDomain, '127.0.0.1');
Set($WebPort, 18931);
Set($MailCommand, 'testfile');
1;
PERL
cd /usr/share/redmine
echo 'gem "puma"' >Gemfile.local
mkdir -p tmp
chown www-data: tmp
bundle exec rake redmine:load_default_data
cat >/root/set-up.rb <<'RUBY'
Setting.rest_api_enabled = '1'
admin = User.find_by_login('admin')
admin.must_change_passwd = false
admin.save!(validate: false)
project = Project.new(name: 'Clocks', identifier: 'clocks')
project.trackers = Tracker.all
project.save!
project.enable_module!(:issue_tracking)
File.write('/root/redmine-key', admin.api_key)
RUBY
bundle exec rails runner /root/set-up.rb
END
unshare --mount --fork sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" /bin/bash /root/make.sh' sh "$root" >>"$folder/log" 2>&1 || {
    tail -n 20 "$folder/log" >&2
    exit 1
}
cp "$root/root/redmine-key" "$folder/redmine-key"
touch "$folder/made"
