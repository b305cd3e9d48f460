import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readAnswer } from '../../../bench/connection.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const withLength = `${HEAD}Content-Length: 11\r\n\r\n{"pid": 42}`;
const chunked = `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"pid\r\n6\r\n": 42}\r\n0\r\n\r\n`;

describe('an answer of a console', () => {
  for (const [name, text] of [
    ['with a length', withLength],
    ['in chunks', chunked],
  ] as const) {
    test(`${name} is read`, () => {
      assert.deepEqual(readAnswer(text), { status: 200, body: '{"pid": 42}' });
    });

    test(`${name} is not there before its last byte`, () => {
      for (let length = 0; length < text.length; length++) assert.equal(readAnswer(text.slice(0, length)), undefined);
    });
  }

  test('without a body is read', () => {
    assert.deepEqual(readAnswer('HTTP/1.1 204 No Content\r\n\r\n'), { status: 204, body: '' });
  });

  test('that refuses keeps its status', () => {
    assert.equal(readAnswer('HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n')?.status, 409);
  });

  test('of something else is refused', () => {
    assert.throws(() => readAnswer('220 mail\r\n\r\n'), /no answer of HTTP/);
  });

  test('with any body comes out as it went in', () => {
    const bodies = fc.string({ unit: fc.constantFrom('a', '{', '\r', '\n', '0') });
    fc.assert(
      fc.property(fc.array(bodies, { maxLength: 5 }), (parts) => {
        const chunks = parts.filter((part) => part !== '');
        const text = chunks.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
        const answer = readAnswer(`${HEAD}transfer-encoding: chunked\r\n\r\n${text}0\r\n\r\n`);
        assert.equal(answer?.body, chunks.join(''));
      }),
    );
  });
});
