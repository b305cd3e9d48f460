import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { codes } from '../../../src/base/index.ts';
import { filesBelow, textOf } from '../../support/imports.ts';

const root = join(import.meta.dirname, '../../..');

/** Files that only tell of codes: their table, their pages, and what goes by them. */
const TELL: readonly string[] = [
  'src/base/codes.ts',
  'src/base/next-step.ts',
  'src/console/status.ts',
  'src/runtime/trust.ts',
  'scripts/errors-page.mjs',
];

const isProgram = (path: string): boolean =>
  /\.(ts|cts|cjs|mjs|c|h|sh)$/.test(path) &&
  !path.includes('/generated/') &&
  (!path.startsWith('src/explain/') || path === 'src/explain/find.ts');

/** Without comments, and without the codes that something is only compared with. */
function raising(text: string): string {
  return text
    .replaceAll(/\/\*.*?\*\//gs, '')
    .replaceAll(/(^|\s)\/\/.*$/gm, '')
    .replaceAll(/[=!]== '\w+'/g, '');
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/\bTH\d{4}\b/g)].map(([code]) => code);
}

/** Each code in quotes, by what raises it. */
const raised = new Map<string, string[]>();
for (const path of ['src', 'scripts'].flatMap((folder) => filesBelow(root, folder)).filter(isProgram)) {
  if (TELL.includes(path)) continue;
  for (const [, code = ''] of raising(textOf(root, path)).matchAll(/'(TH\d{4})'/g))
    raised.set(code, [...(raised.get(code) ?? []), path]);
}

/** What only proves texts and names says nothing about when a code comes. */
const ABOUT_TEXTS = /^test\/unit\/(explain|docs|base\/text|cli\/next-step)/;

const provoked = new Set(
  filesBelow(root, 'test')
    .filter((path) => /\.(ts|txt|json)$/.test(path) && !ABOUT_TEXTS.test(path))
    .flatMap((path) => codesIn(textOf(root, path))),
);

describe('every code', () => {
  test('of the table is raised somewhere', () => {
    assert.deepEqual(
      Object.keys(codes).filter((code) => !raised.has(code)),
      [],
    );
  });

  test('that is raised, or named anywhere in the program, is in the table', () => {
    const named = filesBelow(root, 'src')
      .concat(filesBelow(root, 'scripts'))
      .filter((path) => /\.(ts|cts|cjs|mjs|c|h|sh|md|json)$/.test(path))
      .flatMap((path) => codesIn(textOf(root, path)));
    assert.deepEqual(
      [...new Set(named)].filter((code) => !Object.hasOwn(codes, code)),
      [],
    );
  });

  test('is provoked by a test; those about manifests by the examples of their pages at least', () => {
    assert.deepEqual(
      Object.keys(codes).filter((code) => !provoked.has(code) && !code.startsWith('TH1')),
      [],
    );
  });

  test('that a test names is in the table, but for two that no version has yet', () => {
    assert.deepEqual([...provoked].filter((code) => !Object.hasOwn(codes, code)).sort(), ['TH1999', 'TH6999']);
  });
});

describe('the search for what raises a code', () => {
  const cases: [text: string, found: string[]][] = [
    ["throw new ThubanError('TH1008', 'x')", ['TH1008']],
    ["draft.problem(\n  'TH3005',\n  'x')", ['TH3005']],
    ["if (error.code === 'TH6001') throw error;", []],
    ["// raises 'TH6001'\n", []],
    ["/** @throws 'TH6001' */", []],
    ["log('warn', 'x', { code: 'TH4007' }); // 'TH4008'", ['TH4007']],
  ];
  for (const [text, found] of cases)
    test(JSON.stringify(text), () => {
      assert.deepEqual(codesIn(raising(text)), found);
    });
});
