import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleaseError } from './error.ts';

/** What of a checkout is in every release, beside what is built. */
export const SHIPPED = [
  ...['schemas', 'examples', 'docs'],
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'SECURITY.md'],
];

export function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Seconds since 1970 that every file of the release carries: reproducible-builds.org/specs/source-date-epoch. */
export function sourceDate(root: string, env: NodeJS.ProcessEnv = process.env): number {
  const given = env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) {
    if (/^\d{1,11}$/.test(given)) return Number(given);
    throw new ReleaseError(`SOURCE_DATE_EPOCH takes seconds since 1970, not \`${given}\``);
  }
  const text = git(root, 'log', '-1', '--format=%ct');
  if (text === undefined)
    throw new ReleaseError('no git history here to take the time of the release from', 'SOURCE_DATE_EPOCH=SECONDS');
  return Number(text);
}

/** Files that differ from the newest commit, or are unknown to it: they go into the release all the same. */
export function uncommitted(root: string): string[] {
  const text = git(root, 'status', '--porcelain', '--', 'src', 'scripts', 'package-lock.json', ...SHIPPED) ?? '';
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.slice(3)]));
}

/** What git prints about the checkout; nothing where there is no git or no history. */
function git(root: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' });
  return status === 0 ? stdout.trimEnd() : undefined;
}
