import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  checkTrustedFolder,
  hasErrno,
  readTrustedFile,
  ThubanError,
  type Diagnostic,
  type TrustOptions,
} from '../base/index.ts';
import { fileFinding, MAX_BYTES, readBytes, readDocument, unreadable } from '../manifest/index.ts';
import { configLanguage } from './language.ts';
import { makePart, type Part } from './part.ts';

const DROP_INS = 'thuban.d';
/** Nobody needs more, and each costs time at every start. */
const MOST_DROP_INS = 100;

export interface FileOptions {
  /** An absent file is one without values. */
  optional: boolean;
  /** What others could have written: refuse it, or only say so. */
  untrusted: 'refuse' | 'warn';
  trust: TrustOptions;
}

export interface ReadFiles {
  /** The files that are there, in the order in which they are laid over each other. */
  files: string[];
  parts: Part[];
  diagnostics: Diagnostic[];
  texts: Map<string, string>;
}

/** Reads the file and the drop-ins beside it. */
export function readFiles(file: string, options: FileOptions): ReadFiles {
  const found: ReadFiles = { files: [], parts: [], diagnostics: [], texts: new Map() };
  readOne(found, file, 'file', options);
  if (found.files.length > 0) checkFolder(found, dirname(file), options);
  for (const path of dropInsOf(found, file, options)) readOne(found, path, 'drop-in', { ...options, optional: false });
  return found;
}

function readOne(found: ReadFiles, path: string, layer: 'file' | 'drop-in', options: FileOptions): void {
  const bytes = bytesOf(found, path, options);
  if (bytes === 'absent') return;
  found.files.push(path);
  if (bytes === 'refused') return;
  found.texts.set(path, new TextDecoder().decode(bytes));
  const document = readDocument(bytes, path, configLanguage);
  if ('fatal' in document) found.diagnostics.push(document.fatal);
  else found.parts.push(makePart(layer, document));
}

type Bytes = Uint8Array | 'absent' | 'refused';

/** Whoever may write the configuration is root on the board, so only root and the daemon's own user may. */
function bytesOf(found: ReadFiles, path: string, { optional, untrusted, trust }: FileOptions): Bytes {
  try {
    return readTrustedFile(path, { ...trust, maxBytes: MAX_BYTES });
  } catch (error) {
    if (optional && hasErrno(error, 'ENOENT')) return 'absent';
    const finding = findingOf(path, error, untrusted);
    found.diagnostics.push(finding);
    return finding.severity === 'warning' ? untrustedBytes(found, path) : 'refused';
  }
}

/** In a folder that others may write they can put another file in the place of a sound one, or add a drop-in. */
function checkFolder(found: ReadFiles, folder: string, { untrusted, trust }: FileOptions): void {
  try {
    checkTrustedFolder(folder, trust);
  } catch (error) {
    // A folder that is not there is told of by the file that is not there.
    if (hasErrno(error, 'ENOENT')) return;
    const finding = findingOf(folder, error, untrusted);
    // A folder above both is wrong for the file and for its drop-ins.
    if (!found.diagnostics.some(({ message }) => message === finding.message)) found.diagnostics.push(finding);
  }
}

function untrustedBytes(found: ReadFiles, path: string): Bytes {
  const read = readBytes(path, configLanguage);
  if ('bytes' in read) return read.bytes;
  found.diagnostics.push(read.fatal);
  return 'refused';
}

function findingOf(path: string, error: unknown, untrusted: FileOptions['untrusted']): Diagnostic {
  if (!(error instanceof ThubanError)) return unreadable(path, error);
  const hint = error.hint ?? (error.code === 'TH1002' ? configLanguage.tooLarge : 'name a configuration file');
  const severity = error.code === 'TH5010' && untrusted === 'warn' ? 'warning' : 'error';
  return { ...fileFinding(path, error.code, error.message, hint), severity };
}

function dropInsOf(found: ReadFiles, file: string, options: FileOptions): string[] {
  const folder = join(dirname(file), DROP_INS);
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) found.diagnostics.push(unreadable(folder, error));
    return [];
  }
  checkFolder(found, folder, options);
  for (const name of names.filter((name) => name.endsWith('.yml')))
    found.diagnostics.push({
      ...fileFinding(join(folder, name), 'TH7003', 'the file is not read: drop-ins end in `.yaml`', 'rename it'),
      severity: 'warning',
    });
  const dropIns = names.filter((name) => name.endsWith('.yaml') && !name.startsWith('.'));
  if (dropIns.length <= MOST_DROP_INS) return dropIns.map((name) => join(folder, name));
  const message = `the folder holds ${dropIns.length} drop-ins, at most ${MOST_DROP_INS} are read`;
  found.diagnostics.push(fileFinding(folder, 'TH7003', message, 'merge some of them'));
  return [];
}
