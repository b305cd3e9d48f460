import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Frame } from '../../../src/launcher/wire.ts';
import { stepNumbers } from '../../../src/launcher/steps.ts';
import { unsupportedKeys } from '../../../src/manifest/unsupported.ts';
import { filesBelow } from '../../support/imports.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...filesBelow(root, 'docs').filter((path) => path.endsWith('.md')),
];

/** Headings as GitHub and others name them, and anchors that are written out. */
function anchors(text: string): Set<string> {
  const headings = [...text.replaceAll(/```.*?```/gs, '').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...[...text.matchAll(/id="([^"]+)"/g)].map(([, id = '']) => id)]);
}

describe('the pages', () => {
  for (const page of pages) {
    test(`${page}: every link leads somewhere`, () => {
      const links = [
        ...read(page)
          .replaceAll(/```.*?```/gs, '')
          .matchAll(/\]\(([^)\s]+)\)/g),
      ].map(([, link = '']) => link);
      const broken = links.filter((link) => {
        if (/^https?:/.test(link)) return false;
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? page : join(dirname(page), file);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchors(read(target)).has(anchor);
      });
      assert.deepEqual(broken, []);
    });
  }

  test('every example that a page names is there', () => {
    for (const page of pages)
      for (const [path] of read(page).matchAll(/examples\/manifests\/[\w-]+\.yaml/g))
        assert.ok(existsSync(join(root, path)), `${page}: ${path}`);
  });

  test('manifest.md names every key that is understood but refused', () => {
    const list = read('docs/reference/manifest.md').split('## Understood but refused')[1] ?? '';
    for (const text of unsupportedKeys) assert.ok(list.includes(`- \`${text}\``), text);
  });

  test('launcher.md has every frame with its number, and every step', () => {
    const page = read('docs/reference/launcher.md');
    for (const [name, number] of Object.entries(Frame)) assert.ok(page.includes(`| ${number} | \`${name}\` |`), name);
    for (const name of Object.keys(stepNumbers)) assert.ok(page.includes(`\`${name}\``), name);
  });

  test('the index of decisions has every decision', () => {
    const index = read('docs/decisions/README.md');
    for (const path of filesBelow(root, 'docs/decisions').filter((name) => /\/\d{4}-/.test(name)))
      assert.ok(index.includes(`(${path.slice('docs/decisions/'.length)})`), path);
  });
});

describe('the dependencies', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const sources = ['src', 'scripts', 'test'].flatMap((folder) => filesBelow(root, folder));
  const imported = sources
    .filter((path) => /\.(ts|cts|mjs|js)$/.test(path) && !path.includes('/generated/'))
    .map(read)
    .join('\n');
  const tools = [read('eslint.config.js'), JSON.stringify(manifest['scripts']), read('tsconfig.json'), imported].join(
    '\n',
  );
  /** What a package is called where it is used, when that is not its name. */
  const commands: Record<string, string> = {
    typescript: 'tsc',
    '@types/node': '"types": ["node"]',
    '@types/semver': "from 'semver'",
  };

  test('are imported, or CONTRIBUTING says what they wait for', () => {
    const reasons = read('CONTRIBUTING.md').split('## Dependencies')[1] ?? '';
    for (const name of Object.keys(manifest['dependencies'] ?? {}))
      assert.ok(new RegExp(`from '${name}[/']`).test(imported) || reasons.includes(`\`${name}\` (`), name);
  });

  test('of the developers are used by a script, a setting or a test', () => {
    for (const name of Object.keys(manifest['devDependencies'] ?? {}))
      assert.ok(tools.includes(commands[name] ?? name), name);
  });
});
