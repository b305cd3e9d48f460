#!/usr/bin/env node
// Runs the tests: everything that can run here. Root tests run one file after the other, because they look at the whole machine for
// what is left behind; without root they are skipped, and say so.
//   node scripts/test.mjs [unit|root] [PATTERN]
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const [wanted, pattern = ''] = process.argv.slice(2);

function find(directory) {
  return readdirSync(join(root, directory)).flatMap((name) => {
    const path = join(directory, name);
    if (statSync(join(root, path)).isDirectory()) return find(path);
    return path.endsWith('.test.ts') && path.includes(pattern) ? [path] : [];
  });
}

function run(title, files, concurrency) {
  if (files.length === 0) return true;
  console.log(`\n${title}: ${files.length} files`);
  const args = ['--import', 'tsx', '--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...files];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

const results = [];
if (wanted !== 'root') results.push(run('unit tests', find('test/unit'), 2));
if (wanted !== 'unit') {
  const isRoot = process.getuid?.() === 0;
  results.push(run('root tests on the real kernel', find('test/root'), 1));
  if (!isRoot)
    console.log('\nNOT RUN: the root tests were skipped, because this is not root. To run them: sudo npm test');
}
process.exit(results.every(Boolean) ? 0 : 1);
