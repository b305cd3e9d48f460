# The release in the virtual machine, as a board gets it: unpacked by the lines of docs/guide/first-board.md and used from there, outside
# of the checkout. The caller sets `release_version` and `release_tarball`. `release CODE` goes to descriptor 3.
release_failed=0

# step NAME: runs release_NAME and says how it ended.
step() {
  if "release_$1"; then
    echo "release $1: ok"
  else
    echo "release $1: FAILED with $?"
    release_failed=1
  fi
}

release_unpack() {
  (cd /run/job && sha256sum --check --quiet SHA256SUMS) &&
    install -d /opt /usr/local/bin &&
    tar -xzf "/run/job/$release_tarball" -C /opt &&
    ln -sfn "thuban-$release_version" /opt/thuban &&
    ln -sf /opt/thuban/bin/thuban /usr/local/bin/thuban &&
    [ "$(find /opt/thuban/ ! -user 0 -o ! -group 0 -o -perm /022 ! -type l | wc -l)" -eq 0 ]
}

release_version() {
  thuban version | tee /run/release-version
  grep -q "^thuban $release_version .* $(uname -m)\$" /run/release-version
}

release_validate() {
  thuban validate /opt/thuban/examples/manifests &&
    thuban validate --json /opt/thuban/examples/manifests | node -e '
      const files = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
      process.exit(files.length > 0 && files.every((file) => file.valid) ? 0 : 1)'
}

release_plan() {
  thuban plan /opt/thuban/examples/manifests/02-cpu-quota.yaml > /run/release-plan || return 1
  grep -E '^launch, [0-9]+ steps$' /run/release-plan || return 1
  for manifest in /opt/thuban/examples/manifests/*.yaml; do
    # It has no program.
    [ "${manifest##*/}" != 17-resource.yaml ] || continue
    # It is sound, and this version cannot execute all of it.
    if thuban validate "$manifest" | grep -q TH1107; then continue; fi
    thuban plan --json "$manifest" > /run/release-plan || return 1
    node -e '
      const { cgroup, launch } = JSON.parse(require("node:fs").readFileSync("/run/release-plan", "utf8"));
      process.exit(cgroup.groups.length > 0 && launch.steps.length > 0 ? 0 : 1)' || return 1
  done
}

# Whatever it marks with ok it has measured, and it ends with 0 only when nothing is left behind.
release_demo() {
  thuban demo
}

# ends_with CODE COMMAND...: its output goes to /run/release-output.
ends_with() {
  expected=$1
  shift
  "$@" > /run/release-output 2>&1
  code=$?
  cat /run/release-output
  [ "$code" -eq "$expected" ] || echo "\`$*\` ended with $code instead of $expected"
  [ "$code" -eq "$expected" ]
}

# Made and signed elsewhere, checked and run here.
release_package() {
  install -D -m 0644 -t /srv/packages /run/job/packages/*.tar /run/job/packages/acme.pub || return 1
  cd /srv/packages || return 1
  ends_with 0 thuban verify greeter-1.0.0.tar --key acme.pub &&
    grep -q 'greeter:1\.0\.0, signed by .* (acme\.pub); 2 checksums hold$' /run/release-output &&
    ends_with 0 thuban run greeter-1.0.0.tar --key acme.pub &&
    grep -q '^Hello from a package: I am greeter:1\.0\.0$' /run/release-output &&
    grep -q '^my root is a squashfs, mounted ro$' /run/release-output
}

# Signed by somebody else, and changed after it was signed.
release_wrong_package() {
  cd /srv/packages || return 1
  sed 's/Hello from/Greet from/' greeter-1.0.0.tar > changed.tar
  cmp -s greeter-1.0.0.tar changed.tar && return 1
  ends_with 1 thuban verify greeter-of-other.tar --key acme.pub && grep -q TH5002 /run/release-output &&
    ends_with 125 thuban run greeter-of-other.tar --key acme.pub && grep -q TH5002 /run/release-output &&
    ends_with 125 thuban run texts-1.0.0.tar --key acme.pub && grep -q TH5001 /run/release-output &&
    ends_with 125 thuban run changed.tar --key acme.pub && grep -q TH5003 /run/release-output
}

# Files of another container: from a package, and from a folder.
release_resource() {
  cd /opt/thuban/examples || return 1
  ends_with 0 thuban run packages/texts/reader.yaml --repository /srv/packages &&
    grep -q '^Packed once, mounted by many\.$' /run/release-output &&
    ends_with 1 thuban run manifests/17b-resource-user.yaml &&
    grep -q 'Read-only file system' /run/release-output
}

echo "release $release_tarball"
# What is tested is the release, so nothing of the checkout may be beside it.
cd / || exit 1
for name in unpack version validate plan package wrong_package resource demo; do
  step "$name"
done
cd /checkout || exit 1
echo "release $release_failed" >&3
