import { createHash } from 'node:crypto';
import { readTrustedFile, type Diagnostic } from '../../base/index.ts';
import {
  MAX_BYTES,
  formatPath,
  identityInText,
  loadManifest,
  unsupportedIn,
  type LoadOptions,
  type LoadedManifest,
} from '../../manifest/index.ts';
import {
  openPackage,
  signatureFileOf,
  verifyManifestSignature,
  type TrustedKey,
  type VerifiedPackages,
} from '../../package/index.ts';
import { diagnosticOf, type RejectedManifest } from './rejected.ts';

export interface FileRules extends LoadOptions {
  /** Who may write to the repository beside root; by default whoever runs this process. */
  owner?: number;
  /** Whose signatures count. Default: nobody's, and none is looked at. */
  keys?: readonly TrustedKey[];
  /** What has no good signature is rejected. */
  requireSignature?: boolean;
  /** Packages that need not be hashed again. */
  verified?: VerifiedPackages;
  /** Ends reading: nobody wants to know any more. */
  signal?: AbortSignal;
}

/** What one file of a repository holds. */
export type FileContent = LoadedManifest | RejectedManifest;

interface Loader {
  load: (file: string, rules: FileRules) => Promise<FileContent>;
  /** It may take seconds. */
  isSlow: boolean;
  /** A file beside it whose content matters as much. */
  beside?: (name: string) => string;
}

export const PACKAGE = '.tar';

/** By how a file's name ends. A file of another kind is none of ours. */
const loaders: readonly [ending: string, loader: Loader][] = [
  ['.yaml', { load: (file, rules) => Promise.resolve(loadText(file, rules)), isSlow: false, beside: signatureFileOf }],
  [PACKAGE, { load: loadPackage, isSlow: true }],
];

function loaderOf(name: string): Loader | undefined {
  return loaders.find(([ending]) => name.endsWith(ending))?.[1];
}

/** Whether a name in a repository is read; hidden files are not. */
export function isRead(name: string): boolean {
  return !name.startsWith('.') && loaderOf(name) !== undefined;
}

/** The name of the file that is to be read when the one of this name has changed: itself, or the one that it signs. */
export function subjectOf(name: string): string | undefined {
  if (isRead(name)) return name;
  return loaders
    .map(([ending, { beside }]) => {
      const signature = beside?.('') ?? '';
      const subject = name.slice(0, name.length - signature.length);
      return signature !== '' && name.endsWith(`${ending}${signature}`) && isRead(subject) ? subject : undefined;
    })
    .find((subject) => subject !== undefined);
}

/** The name of the file that counts together with this one, if there is such a one. */
export function besideOf(name: string): string | undefined {
  return loaderOf(name)?.beside?.(name);
}

export function isSlow(name: string): boolean {
  return loaderOf(name)?.isSlow === true;
}

/** Never rejects: what is wrong with a file is its content. */
export async function loadFile(file: string, rules: FileRules): Promise<FileContent> {
  const loader = loaderOf(file);
  try {
    if (loader !== undefined) return await loader.load(file, rules);
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
  const digest = createHash('sha256').update(bytes).digest('hex');
  const rejected = (diagnostics: Diagnostic[]): RejectedManifest => ({
    file,
    ...identityInText(bytes.toString('utf8')),
    diagnostics,
    digest,
  });
  const { keys = [], requireSignature = false } = rules;
  const signed = verifyManifestSignature(bytes, file, { ...rules, keys, requireSignature });
  if (!signed.ok) return rejected(signed.diagnostics);
  const result = loadManifest(bytes, file, rules);
  if (!result.ok) return rejected(result.diagnostics);
  const unable = cannotRun(result.manifest);
  if (unable.length > 0) return rejected(unable);
  return { ...result.manifest, ...(signed.signer === undefined ? {} : { signer: signed.signer }) };
}

async function loadPackage(file: string, rules: FileRules): Promise<FileContent> {
  const { keys = [], requireSignature = false } = rules;
  const result = await openPackage(file, { ...rules, keys, requireSignature });
  if (result.ok) {
    const { digest, manifest } = result.manifest;
    const unable = cannotRun(result.manifest);
    if (unable.length > 0) return { file, name: manifest.name, version: manifest.version, diagnostics: unable, digest };
    return result.manifest;
  }
  const { diagnostics, digest, name, version } = result;
  return {
    file,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    diagnostics,
    ...(digest === undefined ? {} : { digest }),
  };
}

/**
 * What this version cannot execute of a container. A board does not take it over: an older one of it may run, and would be stopped for one
 * that cannot be started. A container without a program is only there to be mounted.
 */
function cannotRun(loaded: LoadedManifest): Diagnostic[] {
  if (loaded.manifest.init === undefined) return [];
  return unsupportedIn(loaded.manifest).map(({ path, message, hint }) => ({
    code: 'TH1107',
    severity: 'error',
    message,
    hint,
    ...loaded.position(path),
    file: loaded.file,
    length: 1,
    path: formatPath(path),
  }));
}
