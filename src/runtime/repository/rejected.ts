import { ThubanError, reasonOf, type Diagnostic } from '../../base/index.ts';
import { duplicateContainer, type LoadedManifest } from '../../manifest/index.ts';

export interface RejectedManifest {
  /** Absolute. */
  file: string;
  /** As far as they could be read. */
  name?: string;
  version?: string;
  diagnostics: Diagnostic[];
  /** SHA-256 of the text, when it could be read. */
  digest?: string;
  /** There is nothing wrong with it but that another file defines the same container. */
  isDuplicate?: true;
}

/** The second of two manifests with the same name and version. */
export function duplicate(loaded: LoadedManifest, other: LoadedManifest): RejectedManifest {
  const { name, version } = loaded.manifest;
  const diagnostics = [duplicateContainer(loaded, other)];
  return { file: loaded.file, name, version, diagnostics, digest: loaded.digest, isDuplicate: true };
}

/** A folder that is not used is listed as well: nothing of it runs, and that must be seen. */
export function rejectedFolder(dir: string, { code, message, hint }: ThubanError): RejectedManifest {
  const place = { file: dir, line: 1, column: 1, length: 1, path: '' };
  const said = { code, message: `the repository is not used: ${message}`, ...(hint === undefined ? {} : { hint }) };
  return { file: dir, diagnostics: [{ severity: 'error', ...said, ...place }] };
}

export function diagnosticOf(file: string, error: unknown): Diagnostic {
  const { code, message, hint } = problemOf(file, error);
  const place = { file, line: 1, column: 1, length: 1, path: '' };
  return { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }), ...place };
}

export function problemOf(path: string, error: unknown): ThubanError {
  if (error instanceof ThubanError) return error;
  return new ThubanError('TH1008', `cannot read ${path}: ${reasonOf(error)}`, {
    hint: 'check that it exists and may be read',
    cause: error,
  });
}
