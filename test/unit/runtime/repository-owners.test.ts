import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ThubanError } from '../../../src/base/index.ts';
import type { LoadedManifest } from '../../../src/manifest/index.ts';
import { reconcile, type Actual } from '../../../src/runtime/reconcile/index.ts';
import { holdingsOf, type Claim, type Holdings, type Look } from '../../../src/runtime/repository/index.ts';
import { carryOut, idOf, loaded } from './reconcile/support.ts';

/** What stands in each file: `name:version text`, or `!` for what is broken. */
type Folder = ReadonlyMap<string, string>;

function lookOf(dir: string, folder: Folder): Look {
  const names = [...folder].sort(([a], [b]) => (a < b ? -1 : 1));
  const files = names.map(([name, content]): Look['files'][number] => {
    const file = `${dir}/${name}`;
    if (content === '!') return { file, diagnostics: [] };
    const [id = '', text = ''] = content.split(' ');
    const made = loaded(id, { text, file, position: () => ({ file, line: 3, column: 1 }) });
    return { ...made, manifest: { ...made.manifest, autostart: 'relaxed' } };
  });
  return { dir, files, unsettled: [] };
}

const closed = (dir: string): Look => ({ dir, files: [], unsettled: [], problem: new ThubanError('TH1008', 'gone') });
const claim = (one: LoadedManifest, repository = 'main'): Claim => ({ id: idOf(one), repository, loaded: one });
const claimsOf = (board: readonly Actual[]): Claim[] => board.map((one) => claim(one.loaded, one.repository));
const chosen = ({ containers }: Holdings, id = 'a:1.0.0'): string | undefined => containers.get(id)?.loaded.file;
const refused = (holdings: Holdings): string[] =>
  holdings.refused.map(({ rejected }) => `${rejected.file} ${rejected.diagnostics[0]?.message ?? ''}`);

describe('of two files that define the same container', () => {
  const both = lookOf(
    '/r',
    new Map([
      ['a-copy.yaml', 'a:1.0.0 1'],
      ['b.yaml', 'a:1.0.0 1'],
    ]),
  );

  test('the first counts by name, as long as the daemon has it from neither', () => {
    const holdings = holdingsOf(new Map([['main', both]]), []);
    assert.equal(chosen(holdings), '/r/a-copy.yaml');
    assert.deepEqual(refused(holdings), ['/r/b.yaml `a:1.0.0` is also defined in /r/a-copy.yaml:3']);
    const elsewhere = claim(loaded('a:1.0.0', { file: '/r/gone.yaml' }));
    assert.equal(chosen(holdingsOf(new Map([['main', both]]), [elsewhere])), '/r/a-copy.yaml');
  });

  test('the one that the daemon has it from counts, also with another text by now', () => {
    const has = claim(loaded('a:1.0.0', { file: '/r/b.yaml', text: 'older' }));
    const holdings = holdingsOf(new Map([['main', both]]), [has]);
    assert.equal(chosen(holdings), '/r/b.yaml');
    assert.deepEqual(refused(holdings), ['/r/a-copy.yaml `a:1.0.0` is also defined in /r/b.yaml:3']);
  });

  test('that holds between repositories, also while one of them cannot be used', () => {
    const first = lookOf('/first', new Map([['a.yaml', 'a:1.0.0 1']]));
    const has = claim(loaded('a:1.0.0', { file: '/r/b.yaml' }));
    const open = holdingsOf(
      new Map([
        ['first', first],
        ['main', both],
      ]),
      [has],
    );
    assert.deepEqual([chosen(open), open.containers.get('a:1.0.0')?.repository], ['/r/b.yaml', 'main']);
    const shut = holdingsOf(
      new Map([
        ['first', first],
        ['main', closed('/r')],
      ]),
      [has],
    );
    assert.equal(chosen(shut), undefined);
    assert.match(refused(shut).join('\n'), /^\/first\/a\.yaml `a:1\.0\.0` is also defined in \/r\/a\.yaml/);
  });
});

describe('a board whose files are copied, renamed, changed, broken and removed', () => {
  const file = fc.constantFrom('1.yaml', '2.yaml', '3.yaml', '4.yaml');
  const content = fc.constantFrom('a:1.0.0 1', 'a:1.0.0 2', 'a:2.0.0 1', 'b:1.0.0 1', '!');
  const change = fc.oneof(
    fc.record({ do: fc.constant('write' as const), file, content }),
    fc.record({ do: fc.constant('copy' as const), file, to: file }),
    fc.record({ do: fc.constant('rename' as const), file, to: file }),
    fc.record({ do: fc.constant('remove' as const), file }),
  );

  function changed(folder: Folder, one: typeof change extends fc.Arbitrary<infer T> ? T : never): Folder {
    const next = new Map(folder);
    const before = next.get(one.file);
    if (one.do === 'write') next.set(one.file, one.content);
    else if (one.do === 'remove') next.delete(one.file);
    else if (before !== undefined && one.to !== one.file) {
      next.set(one.to, before);
      if (one.do === 'rename') next.delete(one.file);
    }
    return next;
  }

  test('comes to rest after each change, with every container that a file defines', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        let folder: Folder = new Map();
        let board: Actual[] = [];
        for (const one of changes) {
          folder = changed(folder, one);
          const before = board;
          const look = new Map([['main', lookOf('/r', folder)]]);
          for (let round = 0; round < 3; round++)
            board = reconcile(holdingsOf(look, claimsOf(board)), board).reduce<Actual[]>(carryOut, board);
          const holdings = holdingsOf(look, claimsOf(board));
          assert.deepEqual(reconcile(holdings, board), []);
          for (const id of holdings.containers.keys())
            assert.ok(
              board.some((has) => has.id === id),
              id,
            );
          const isBroken = [...folder.values()].includes('!');
          for (const { id, loaded: had } of before) {
            const now = board.find((has) => has.id === id);
            const text = folder.get(had.file.slice('/r/'.length));
            // Who is defined where it was stays there, whatever else is defined elsewhere.
            if (text?.startsWith(id) === true) assert.equal(now?.loaded.file, had.file);
            else if (!isBroken)
              assert.equal(
                now !== undefined,
                [...folder.values()].some((one) => one.startsWith(id)),
              );
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
