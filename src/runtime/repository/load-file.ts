import { createHash } from 'node:crypto';
import { readTrustedFile } from '../../base/index.ts';
import { MAX_BYTES, loadManifest, type LoadOptions, type LoadedManifest } from '../../manifest/index.ts';
import { diagnosticOf, type RejectedManifest } from './rejected.ts';

export interface FileRules extends LoadOptions {
  /** Who may write to the repository beside root; by default whoever runs this process. */
  owner?: number;
}

/** What one file of a repository holds. */
export type FileContent = LoadedManifest | RejectedManifest;

type Loader = (file: string, rules: FileRules) => Promise<FileContent>;

/** By how a file's name ends. A file of another kind is none of ours. */
const loaders: readonly [ending: string, load: Loader][] = [
  ['.yaml', (file, rules) => Promise.resolve(loadText(file, rules))],
];

/** Whether a name in a repository is read; hidden files are not. */
export function isRead(name: string): boolean {
  return !name.startsWith('.') && loaders.some(([ending]) => name.endsWith(ending));
}

/** Never rejects: what is wrong with a file is its content. */
export async function loadFile(file: string, rules: FileRules): Promise<FileContent> {
  const load = loaders.find(([ending]) => file.endsWith(ending))?.[1];
  try {
    if (load !== undefined) return await load(file, rules);
    throw new Error('there is no reader for files of this kind');
  } catch (error) {
    return { file, diagnostics: [diagnosticOf(file, error)] };
  }
}

export function isRejected(content: FileContent): content is RejectedManifest {
  return 'diagnostics' in content;
}

function loadText(file: string, rules: FileRules): FileContent {
  const bytes = readTrustedFile(file, { ...rules, maxBytes: MAX_BYTES });
  const result = loadManifest(bytes, file, rules);
  if (result.ok) return result.manifest;
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { file, ...identityOf(bytes.toString('utf8')), diagnostics: result.diagnostics, digest };
}

/** Of a text that may be no YAML at all: only lines that say it plainly. */
function identityOf(text: string): { name?: string; version?: string } {
  const name = /^name:[ \t]*["']?([\w.-]{1,1024})["']?[ \t]*(?:#.*)?\r?$/m.exec(text)?.[1];
  const version = /^version:[ \t]*["']?(\d{1,10}\.\d{1,10}\.\d{1,10})["']?[ \t]*(?:#.*)?\r?$/m.exec(text)?.[1];
  return { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
}
