import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turnstile } from '../../../src/runtime/turnstile.ts';

test('a turnstile lets so many through at once, the others in their order, and forgets who gives up', async () => {
  const turnstile = new Turnstile(1);
  const never = new AbortController().signal;
  assert.ok(turnstile.tryEnter());
  assert.equal(turnstile.tryEnter(), false);
  const order: string[] = [];
  const gaveUp = new AbortController();
  const waits = [
    turnstile.enter(never).then((has) => order.push(`first ${has}`)),
    turnstile.enter(gaveUp.signal).then((has) => order.push(`second ${has}`)),
    turnstile.enter(never).then((has) => order.push(`third ${has}`)),
  ];
  gaveUp.abort();
  await waits[1];
  turnstile.leave();
  await waits[0];
  assert.equal(turnstile.tryEnter(), false, 'somebody waits');
  turnstile.leave();
  await waits[2];
  assert.deepEqual(order, ['second false', 'first true', 'third true']);
  turnstile.leave();
  assert.ok(turnstile.tryEnter());
  assert.equal(await turnstile.enter(gaveUp.signal), false);
});
