import { readdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { ThubanError, checkTrustedFolder, messageOf, readTrustedFile, type Diagnostic } from '../base/index.ts';
import { MAX_BYTES, identityInText, loadManifest, type LoadOptions, type LoadedManifest } from '../manifest/index.ts';
import { containerId } from './plan.ts';

export interface RejectedManifest {
  /** Absolute. */
  file: string;
  /** As far as they could be read. */
  name?: string;
  version?: string;
  diagnostics: Diagnostic[];
  /** SHA-256 of the text, when it could be read. */
  digest?: string;
}

export interface Repository {
  manifests: LoadedManifest[];
  rejected: RejectedManifest[];
  /** Why the folder as a whole is not used. */
  problem?: ThubanError;
}

export interface ScanOptions extends LoadOptions {
  /** Who may write to the repository beside root; by default whoever runs this process. */
  owner?: number;
}

/** More files than any board has containers. */
const MAX_FILES = 10_000;

/**
 * Reads every `*.yaml` of a folder, in name order; hidden files and folders are not looked at. A manifest is root on the board, so the folder,
 * those above it and each file must be out of the reach of others (TH5010). One bad manifest never harms the others: it stands among the
 * rejected ones with all its errors. Of two that define the same container the first counts.
 */
export function scanRepository(folder: string, options: ScanOptions = {}): Repository {
  // Before anything is checked, so that `link/..` is the same folder in every step.
  const dir = resolve(folder);
  let names: string[];
  try {
    checkTrustedFolder(dir, options);
    names = readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.yaml') && !entry.name.startsWith('.') && !entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    return { manifests: [], rejected: [], problem: problemOf(dir, error) };
  }
  if (names.length > MAX_FILES) {
    const problem = new ThubanError('TH1002', `${dir} holds ${names.length} manifests, at most ${MAX_FILES} are read`);
    return { manifests: [], rejected: [], problem };
  }
  const manifests = new Map<string, LoadedManifest>();
  const rejected: RejectedManifest[] = [];
  for (const name of names) {
    const loaded = loadOne(join(dir, name), options);
    if ('diagnostics' in loaded) {
      rejected.push(loaded);
      continue;
    }
    const id = containerId(loaded.manifest);
    const other = manifests.get(id);
    if (other === undefined) manifests.set(id, loaded);
    else rejected.push(duplicate(loaded, other));
  }
  return { manifests: [...manifests.values()], rejected };
}

function loadOne(file: string, options: ScanOptions): LoadedManifest | RejectedManifest {
  let bytes: Buffer;
  try {
    bytes = readTrustedFile(file, { ...options, maxBytes: MAX_BYTES });
  } catch (error) {
    return { file, diagnostics: [diagnosticOf(file, error)] };
  }
  const result = loadManifest(bytes, file, options);
  if (result.ok) return result.manifest;
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { file, ...identityInText(bytes.toString('utf8')), diagnostics: result.diagnostics, digest };
}

/** The second of two manifests with the same name and version. */
export function duplicate(loaded: LoadedManifest, other: LoadedManifest): RejectedManifest {
  const { name, version } = loaded.manifest;
  const first = other.position(['name']);
  const diagnostic: Diagnostic = {
    code: 'TH1401',
    severity: 'error',
    message: `\`${name}:${version}\` is also defined in ${first.file}:${first.line}`,
    hint: 'change a version or remove one',
    ...loaded.position(['name']),
    length: 1,
    path: 'name',
  };
  return { file: loaded.file, name, version, diagnostics: [diagnostic], digest: loaded.digest };
}

function diagnosticOf(file: string, error: unknown): Diagnostic {
  const { code, message, hint } = problemOf(file, error);
  const place = { file, line: 1, column: 1, length: 1, path: '' };
  return { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }), ...place };
}

function problemOf(path: string, error: unknown): ThubanError {
  if (error instanceof ThubanError) return error;
  return new ThubanError('TH1008', `cannot read ${path}: ${messageOf(error)}`, {
    hint: 'check that it exists and may be read',
    cause: error,
  });
}
