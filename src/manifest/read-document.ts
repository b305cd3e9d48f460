import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf, formatBytes, reasonOf, type Diagnostic } from '../base/index.ts';
import { decode, unixLines } from './decode.ts';
import { fileFinding } from './findings.ts';
import type { Language } from './language.ts';
import { readYaml } from './read-yaml.ts';
import { Report } from './report.ts';
import { resolveTags } from './resolve-tags.ts';
import { Source } from './source.ts';
import type { TreeNode } from './tree.ts';

/** The largest file that is read. */
export const MAX_BYTES = 1024 * 1024;

/** A document that could be parsed, and what was found wrong with its text on the way. */
export interface ReadDocument {
  /** Its findings are to be added to. */
  report: Report;
  diagnostics: Diagnostic[];
}

/** Nothing of the document can be used. */
interface Fatal {
  fatal: Diagnostic;
}

/** Reads a document from its bytes: UTF-8, then YAML. An empty one is an empty map. */
export function readDocument(bytes: Uint8Array, file: string, language: Language): ReadDocument | Fatal {
  if (bytes.length > MAX_BYTES) return { fatal: tooLarge(file, bytes.length, language) };
  const decoded = decode(bytes);
  if ('at' in decoded) {
    const { message, hint, at } = decoded;
    return { fatal: fileFinding(file, 'TH1007', message, hint, placeOfByte(bytes, at)) };
  }
  const source = new Source(file, decoded.text);
  const parsed = readYaml(source, language);
  if ('fatal' in parsed) return parsed;
  const empty: TreeNode = { kind: 'map', entries: new Map(), block: true, span: { offset: 0, length: 1 } };
  const root = parsed.root ?? empty;
  const untagged = parsed.tagged ? resolveTags(root, language) : { root, findings: [] };
  const report = new Report(source, untagged.root);
  for (const { path, finding } of untagged.findings) report.add(path, finding);
  return { report, diagnostics: parsed.diagnostics };
}

/** Reads a file, which is opened once and read up to the bound. */
export function readBytes(path: string, language: Language): { bytes: Uint8Array } | Fatal {
  let fd: number | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) {
      const hint = `name a ${language.document} file`;
      return { fatal: fileFinding(path, 'TH1008', 'this is not a regular file', hint) };
    }
    // One byte more than it has: what is appended meanwhile is seen. Nearly every file is small.
    let buffer = Buffer.allocUnsafe(Math.min(fstatSync(fd).size, MAX_BYTES) + 1);
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0 || length > MAX_BYTES) break;
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, MAX_BYTES) + 1);
    }
    if (length > MAX_BYTES) return { fatal: tooLarge(path, fstatSync(fd).size, language) };
    return { bytes: buffer.subarray(0, length) };
  } catch (error) {
    return { fatal: unreadable(path, error) };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The finding about a file that the system does not give. */
export function unreadable(path: string, error: unknown): Diagnostic {
  const missing = errnoOf(error) === 'ENOENT';
  const hint = missing ? 'check the path' : 'check who may read the file and its folders';
  return fileFinding(path, 'TH1008', `cannot read the file: ${reasonOf(error)}`, hint);
}

function tooLarge(file: string, size: number, language: Language): Diagnostic {
  return fileFinding(file, 'TH1002', `the file is ${formatBytes(size)}, at most 1 MiB is read`, language.tooLarge);
}

function placeOfByte(bytes: Uint8Array, at: number): { line: number; column: number } {
  const before = unixLines(new TextDecoder().decode(bytes.subarray(0, at)));
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}
