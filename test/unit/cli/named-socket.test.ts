import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thuban } from './support.ts';

test('where nobody answers at a socket that was named, the hint says by what', async () => {
  const nobody = { path: '/nonexistent/console.sock' };
  assert.match(
    (await thuban(nobody, 'ps')).stderr,
    /\n {2}hint: check the path, which THUBAN_SOCKET names; start it: /,
  );
  assert.match(
    (await thuban(nobody, 'ps', '--socket', '/nonexistent/x')).stderr,
    /at \/nonexistent\/x \(no such file\)\n {2}hint: check the path, which --socket names; start it: /,
  );
  assert.doesNotMatch((await thuban({ path: '' }, 'ps')).stderr, /check the path/);
});
