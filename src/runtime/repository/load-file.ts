import { createHash } from 'node:crypto';
import { readTrustedFile, type Diagnostic } from '../../base/index.ts';
import {
  MAX_BYTES,
  identityInText,
  loadManifest,
  type LoadOptions,
  type LoadedManifest,
} from '../../manifest/index.ts';
import type { TrustedKey } from '../../package/index.ts';
import { diagnosticOf, type RejectedManifest } from './rejected.ts';

export interface FileRules extends LoadOptions {
  /** Who may write to the repository beside root; by default whoever runs this process. */
  owner?: number;
  /** Whose signatures count. */
  keys?: readonly TrustedKey[];
  /** What none of them has signed is rejected. */
  requireSignature?: boolean;
}

/** What one file of a repository holds. */
export type FileContent = LoadedManifest | RejectedManifest;

type Loader = (file: string, rules: FileRules) => Promise<FileContent>;

/** By how a file's name ends. A file of another kind is none of ours. */
const loaders: readonly [ending: string, load: Loader][] = [
  ['.yaml', loadText],
  ['.tar', loadPackage],
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

async function loadText(file: string, rules: FileRules): Promise<FileContent> {
  const bytes = readTrustedFile(file, { ...rules, maxBytes: MAX_BYTES });
  const { keys = [], requireSignature = false } = rules;
  let signer: string | undefined;
  if (keys.length > 0 || requireSignature) {
    const { verifyManifestSignature } = await import('../../package/index.ts');
    const judged = verifyManifestSignature(bytes, file, { ...rules, keys, requireSignature });
    if (!judged.ok) return rejectedText(file, bytes, judged.diagnostics);
    signer = judged.signer;
  }
  const result = loadManifest(bytes, file, rules);
  if (!result.ok) return rejectedText(file, bytes, result.diagnostics);
  return { ...result.manifest, ...(signer === undefined ? {} : { signer }) };
}

function rejectedText(file: string, bytes: Buffer, diagnostics: Diagnostic[]): RejectedManifest {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { file, ...identityInText(bytes.toString('utf8')), diagnostics, digest };
}

/** Its reader is loaded with the first package: a board may have none. */
async function loadPackage(file: string, rules: FileRules): Promise<FileContent> {
  const { openPackage } = await import('../../package/index.ts');
  const { keys = [], requireSignature = false } = rules;
  const result = await openPackage(file, { ...rules, keys, requireSignature });
  if (result.ok) return result.manifest;
  const { name, version, digest, diagnostics } = result;
  return {
    file,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest }),
    diagnostics,
  };
}
