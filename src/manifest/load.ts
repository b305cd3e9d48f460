import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf, formatBytes, messageOf, type Code, type Diagnostic } from '../base/index.ts';
import { checkQuantities } from './check-quantities.ts';
import type { ManifestInput } from './generated/manifest-input.d.ts';
import { shape } from './generated/shape.js';
import { interpret } from './interpret.ts';
import type { LoadResult } from './manifest.ts';
import { normalise } from './normalise.ts';
import type { Converted } from './convert-yaml.ts';
import { readYaml } from './read-yaml.ts';
import { Report } from './report.ts';
import { checkIdentity, checkInit, checkNul } from './rules/identity.ts';
import { checkLimits } from './rules/limits.ts';
import { isMap, textAt } from './rules/look.ts';
import { checkMounts } from './rules/mounts.ts';
import { checkProcess } from './rules/process.ts';
import { checkRootfs } from './rules/rootfs.ts';
import { decode, Source } from './source.ts';
import type { KeyPath, TreeNode } from './tree.ts';
import { checkShape } from './validate.ts';
import { quote } from './wording.ts';

/** The largest manifest that is read. */
export const MAX_BYTES = 1024 * 1024;

/** Reads a manifest from its text. Never throws: every fault is a diagnostic with its place. */
export function loadManifest(text: string | Uint8Array, file: string): LoadResult {
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    if (bytes.length > MAX_BYTES) return failure(file, 'TH1002', tooLarge(bytes.length), SPLIT);
    const decoded = decode(bytes);
    if ('at' in decoded) {
      const hex = `0x${decoded.badByte.toString(16).padStart(2, '0')}`;
      const message = `byte ${hex} at ${decoded.at} is not UTF-8 text`;
      return failure(file, 'TH1007', message, 'save the file as UTF-8', placeOfByte(bytes, decoded.at));
    }
    const source = new Source(file, decoded.text);
    const parsed = readYaml(source);
    if ('fatal' in parsed) return { ok: false, diagnostics: [parsed.fatal] };
    return check(source, parsed, bytes);
  } catch (error) {
    return failure(file, 'TH9001', `a bug in Thuban: ${messageOf(error)}`, 'report it together with the manifest');
  }
}

/** Reads a manifest from a file, which is opened once and read up to the bound. Never throws. */
export function readManifestFile(path: string): LoadResult {
  let fd: number | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) return failure(path, 'TH1008', 'this is not a regular file', 'name a manifest file');
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0 || length === buffer.length) break;
    }
    if (length > MAX_BYTES) return failure(path, 'TH1002', tooLarge(fstatSync(fd).size), SPLIT);
    return loadManifest(buffer.subarray(0, length), path);
  } catch (error) {
    const missing = errnoOf(error) === 'ENOENT';
    const hint = missing ? 'check the path' : 'check who may read the file and its folders';
    return failure(path, 'TH1008', `cannot read the file: ${messageOf(error)}`, hint);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const SPLIT = 'move large data into files that the container mounts';

function tooLarge(size: number): string {
  return `the file is ${formatBytes(size)}, at most 1 MiB is read`;
}

function check(source: Source, parsed: Exclude<Converted, { fatal: Diagnostic }>, bytes: Uint8Array): LoadResult {
  const root: TreeNode = parsed.root ?? {
    kind: 'map',
    entries: new Map(),
    block: true,
    span: { offset: 0, length: 1 },
  };
  const report = new Report(source, root);
  const input = interpret(root, shape);
  for (const { path, tag } of parsed.tags)
    report.add(path, {
      code: 'TH1103',
      message: `${quote(tag)} is not a tag of the manifest`,
      hint: `remove ${quote(tag)}; no section of this version uses tags`,
    });
  checkQuantities(report, input, shape);
  if (isMap(input)) {
    checkNul(report, input);
    checkIdentity(report, input);
    checkInit(report, textAt(input, 'init'));
    checkProcess(report, input);
    checkMounts(report, input);
    checkRootfs(report, input);
    checkLimits(report, input);
  }
  checkShape(report, input);
  const diagnostics = atMost(MAX_FINDINGS, [...parsed.diagnostics, ...report.sorted()].sort(bySeverityAndPlace));
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return {
    ok: true,
    diagnostics,
    manifest: {
      // Every check above has passed, and the first of them was the schema.
      manifest: normalise(input as ManifestInput),
      file: source.file,
      digest: createHash('sha256').update(bytes).digest('hex'),
      position: (path: KeyPath) => ({ file: source.file, ...source.place(report.span(path, 'value').offset) }),
    },
  };
}

/** Nobody reads more, and a file of a megabyte can hold tens of thousands. */
const MAX_FINDINGS = 1000;

/** Cuts a list and says so in the last finding that stays. */
function atMost(count: number, diagnostics: Diagnostic[]): Diagnostic[] {
  const last = diagnostics[count - 1];
  if (last === undefined || diagnostics.length === count) return diagnostics;
  const more = `${diagnostics.length - count} more findings are not shown`;
  return [
    ...diagnostics.slice(0, count - 1),
    { ...last, hint: `${last.hint === undefined ? '' : `${last.hint}; `}${more}` },
  ];
}

function bySeverityAndPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

function failure(file: string, code: Code, message: string, hint: string, place = { line: 1, column: 1 }): LoadResult {
  return { ok: false, diagnostics: [{ code, severity: 'error', message, hint, file, ...place, length: 1, path: '' }] };
}

function placeOfByte(bytes: Uint8Array, at: number): { line: number; column: number } {
  const before = new TextDecoder().decode(bytes.subarray(0, at));
  return {
    line: before.split('\n').length,
    column: at - (before.lastIndexOf('\n') < 0 ? 0 : bytes.subarray(0, at).lastIndexOf(10) + 1) + 1,
  };
}
