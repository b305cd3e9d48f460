// Writes the pages of docs/reference/ that have their source in the code. Run it with tsx, because the source is TypeScript:
//   node --import tsx scripts/generate-docs.mjs [--check]
// With --check nothing is written; a page that is not as it would be generated is named, and the exit code is 1.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cliPage } from './cli-page.mjs';
import { configurationPage } from './configuration-page.mjs';
import { manifestPage } from './manifest-page.mjs';
import { errorsPage } from './errors-page.mjs';

const root = resolve(import.meta.dirname, '..');

const pages = {
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/configuration.md': configurationPage(),
  'docs/reference/cli.md': cliPage(),
  'docs/reference/manifest.md': manifestPage(),
};
const check = process.argv.includes('--check');
let stale = 0;
for (const [path, text] of Object.entries(pages)) {
  const file = join(root, path);
  if (!check) {
    writeFileSync(file, text);
    continue;
  }
  let present = '';
  try {
    present = readFileSync(file, 'utf8');
  } catch {
    // missing is stale
  }
  if (present === text) continue;
  stale++;
  console.error(`${path} is stale; write it again with: node --import tsx scripts/generate-docs.mjs`);
}
process.exitCode = stale === 0 ? 0 : 1;
