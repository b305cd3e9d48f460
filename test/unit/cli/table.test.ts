import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { table, type Cell, type Column } from '../../../src/cli/table.ts';
import { cutEnd, cutMiddle, widthOf, wrapWords } from '../../../src/cli/text-width.ts';
import { fakeTerminal, plain } from '../../support/terminal.ts';

const columns: Column[] = [
  { title: 'NAME', shortensTo: 8 },
  { title: 'STATE' },
  { title: 'UP', priority: 2 },
  { title: 'RST', align: 'right', priority: 1 },
  { title: 'LAST EXIT', shrinksTo: 9, priority: 3 },
];
const rows = [
  ['camera:2.1.0', 'running', '3d4h', '0', '-'],
  ['sensor-north-west:1.2.0', 'backoff', '-', '12', 'killed by SIGSEGV, 4s ago'],
];

describe('a table', () => {
  test('has two blanks between columns, numbers to the right, and nothing behind the last one', () => {
    assert.deepEqual(table(columns, rows), [
      'NAME                     STATE    UP    RST  LAST EXIT',
      'camera:2.1.0             running  3d4h    0  -',
      'sensor-north-west:1.2.0  backoff  -      12  killed by SIGSEGV, 4s ago',
    ]);
  });

  test('cuts a text that may be cut before a column leaves', () => {
    assert.equal(
      table(columns, rows, { width: 60 })[2],
      'sensor-north-west:1.2.0  backoff  -      12  killed by SIGS…',
    );
  });

  test('keeps the end of a text where that is what counts', () => {
    const kept = columns.map((column) =>
      column.title === 'LAST EXIT' ? { ...column, keepsTail: true as const } : column,
    );
    assert.equal(table(kept, rows, { width: 60 })[2], 'sensor-north-west:1.2.0  backoff  -      12  killed…, 4s ago');
    assert.equal(table(kept, rows, { width: 50 })[2], 'sensor-north-west:1.2.0  backoff  -     killed by…');
  });

  test('then lets columns leave by their priority, and gives what is left the room', () => {
    assert.deepEqual(table(columns, rows, { width: 50 }), [
      'NAME                     STATE    UP    LAST EXIT',
      'camera:2.1.0             running  3d4h  -',
      'sensor-north-west:1.2.0  backoff  -     killed by…',
    ]);
  });

  test('shortens names in the middle at last, so that both ends are told', () => {
    assert.deepEqual(table(columns, rows, { width: 25 }), [
      'NAME              STATE',
      'camera:2.1.0      running',
      'sensor-n…t:1.2.0  backoff',
    ]);
    assert.equal(table(columns, rows, { width: 25, ascii: true })[2], 'sensor-..t:1.2.0  backoff');
  });

  test('keeps its shape with colour, and colours only what has a style', () => {
    const terminal = fakeTerminal({ color: true });
    const styled: Cell[][] = [['a', { text: 'running', style: 'green' }, '-', '0', '-']];
    const options = {
      width: 80,
      style: (style: Parameters<typeof terminal.style>[0], text: string) => terminal.style(style, text),
    };
    const lines = table(columns, styled, options);
    assert.ok(lines[1]?.includes('\u001b[32mrunning\u001b[39m  -'));
    assert.deepEqual(lines.map(plain), table(columns, [['a', 'running', '-', '0', '-']]));
  });

  test('makes visible what would speak to the terminal, and measures wide characters', () => {
    const odd = [
      ['a\u001b[2Jb', 'x', '-', '0', '-'],
      ['カメラ', 'y', '-', '0', '-'],
    ];
    assert.deepEqual(table(columns.slice(0, 2), odd), ['NAME     STATE', 'a^[[2Jb  x', 'カメラ   y']);
  });

  test('never is wider than it may, whatever stands in it', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string({ maxLength: 40 }));
    const cells = fc.array(fc.tuple(text, text, text, text, text), { maxLength: 8 });
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 200 }), fc.boolean(), (content, width, ascii) => {
        for (const line of table(columns, content, { width, ascii })) assert.ok(widthOf(line) <= width, line);
      }),
    );
  });
});

describe('texts that are too long', () => {
  test('are cut to exactly the room, and not when they fit', () => {
    assert.equal(cutEnd('camera', 6, false), 'camera');
    assert.equal(cutEnd('camera', 5, false), 'came…');
    assert.equal(cutMiddle('camera:2.1.0', 7, false), 'cam…1.0');
    assert.equal(widthOf(cutMiddle('カメラカメラ', 7, false)) <= 7, true);
  });

  test('are wrapped between words, and words that are longer than a line are not lost', () => {
    assert.deepEqual(wrapWords('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrapWords('/a/very/long/path x', 8), ['/a/very/', 'long/pat', 'h x']);
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const lines = wrapWords(text, width);
        assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
        for (const line of lines) assert.ok(widthOf(line) <= Math.max(2, width));
      }),
    );
  });
});
