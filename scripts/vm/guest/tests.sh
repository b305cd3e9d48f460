# The root tests, then the demo of the built release, in the virtual machine. What each ended with goes to descriptor 3.
failed=0

# shellcheck disable=SC2046 # no blanks in the names of tests
node --test --test-concurrency=1 --test-reporter=spec $(find test/root -name '*.test.mjs' | sort)
code=$?
echo "tests $code" >&3
[ "$code" -eq 0 ] || failed=1

if [ -z "$without_demo" ]; then
  echo
  echo 'demo of the built release'
  node dist/thuban.mjs demo
  code=$?
  echo "demo $code" >&3
  [ "$code" -eq 0 ] || failed=1
fi
exit "$failed"
