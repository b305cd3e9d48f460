# The release, then the root tests, in the virtual machine. What each ended with goes to descriptor 3. The caller sets `release_tarball`
# when the release is to be run, `with_tests` when the tests are, and `io_limits_after`.
failed=0

if [ -n "$release_tarball" ]; then
  . /run/job/release.sh
  [ "$release_failed" -eq 0 ] || failed=1
fi

if [ -n "$with_tests" ]; then
  # Before it, this kernel must not be asked to limit a device: see machines.ts.
  while [ "$(cut -d. -f1 /proc/uptime)" -lt "$io_limits_after" ]; do
    sleep 1
  done
  # shellcheck disable=SC2046 # no blanks in the names of tests
  node --test --test-concurrency=1 --test-reporter=spec $(find test/root -name '*.test.mjs' | sort)
  code=$?
  echo "tests $code" >&3
  [ "$code" -eq 0 ] || failed=1
fi
exit "$failed"
