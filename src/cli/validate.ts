import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { count, formatDuration, reasonOf, ThubanError, type Diagnostic } from '../base/index.ts';
import { validateConfigFile } from '../config/index.ts';
import {
  countFindings,
  identityInText,
  inOrder,
  loadManifest,
  readManifestBytes,
  renderDiagnosticLine,
  renderDiagnostics,
  toNorthstarJson,
  type LoadResult,
  type UnreadMember,
} from '../manifest/index.ts';
import { checkLimits, isRead } from '../runtime/index.ts';
import type { Context } from './context.ts';
import { asThubanError } from './print-error.ts';
import { findAcross, type Judged } from './validate-across.ts';

/** Frames of one file on a terminal; what comes first is mostly the cause of what comes later. */
const MAX_FRAMES = 50;

export interface ValidateFlags {
  strict?: boolean;
  /** A configuration of the daemon, judged with the drop-ins beside it. */
  config?: string;
}

interface Verdict {
  file: string;
  /** Normalised; of a file without errors. */
  manifest?: unknown;
  config?: unknown;
  diagnostics: Diagnostic[];
  /** The text that places of findings are in, where it is not the file itself: of a package, its manifest. */
  text?: string | undefined;
}

/** A folder stands for the manifests and packages in it: for the files that a daemon reads there. */
function expand(path: string): string[] {
  return isFolder(path) ? namesIn(path).map((name) => join(path, name)) : [path];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // whoever reads it as a file says what is wrong with it
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => isRead(entry.name) && !entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw new ThubanError('TH1008', `cannot read the folder \`${folder}\`: ${reasonOf(error)}`, {
      hint: 'check who may read it',
      cause: error,
    });
  }
}

/** By its name, as in a repository. */
export function isPackage(path: string): boolean {
  return path.endsWith('.tar');
}

/** Of a package also its form and every checksum. Who signed it is for `verify`, which is given keys. */
async function judge(file: string): Promise<Judged & Verdict> {
  if (!isPackage(file)) return judgeText(file);
  const { openPackage } = await import('../package/index.ts');
  const result = await openPackage(file, { keys: [], requireSignature: false, asGiven: true });
  return { ...judgedOf(file, result, result.ok ? {} : result), text: result.text };
}

function judgeText(file: string): Judged & Verdict {
  const read = readManifestBytes(file);
  if ('fatal' in read) return { file, member: { file }, diagnostics: [read.fatal] };
  const result = loadManifest(read.bytes, file);
  return judgedOf(file, result, result.ok ? {} : identityInText(Buffer.from(read.bytes).toString('utf8')));
}

/** `claim`: what a file with errors says that it is. */
function judgedOf(file: string, result: LoadResult, claim: Pick<UnreadMember, 'name' | 'version'>): Judged & Verdict {
  const { name, version } = claim;
  const identity = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
  if (!result.ok) return { file, member: { file, ...identity }, diagnostics: result.diagnostics };
  const { manifest } = result;
  const diagnostics = [...result.diagnostics, ...checkLimits(manifest)];
  return { file, member: manifest, manifest: toNorthstarJson(manifest.manifest), diagnostics };
}

function hasErrors({ diagnostics }: Verdict): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/** One verdict for the file and for each drop-in; the configuration that all of them make stands with the file. */
async function judgeConfig(file: string): Promise<Verdict[]> {
  const { loadKey } = await import('../package/index.ts');
  const result = validateConfigFile(file, (key) => {
    try {
      loadKey(key);
      return undefined;
    } catch (error) {
      return asThubanError(error);
    }
  });
  const files = new Set([file, ...result.files, ...result.diagnostics.map((diagnostic) => diagnostic.file)]);
  return Array.from(files, (name) => {
    const diagnostics = result.diagnostics.filter((diagnostic) => diagnostic.file === name);
    return { file: name, ...(result.ok && name === file ? { config: result.config } : {}), diagnostics };
  });
}

function total(verdicts: Verdict[], severity: Diagnostic['severity']): number {
  return countFindings(
    verdicts.flatMap(({ diagnostics }) => diagnostics),
    severity,
  );
}

export async function validate(paths: string[], flags: ValidateFlags, context: Context): Promise<number> {
  const begin = performance.now();
  if (paths.length === 0 && flags.config === undefined)
    throw new ThubanError('TH6011', '`validate` needs a file or a folder of manifests, or `--config`', {
      hint: 'thuban validate camera.yaml   thuban validate --config /etc/thuban/thuban.yaml',
    });
  const verdicts = flags.config === undefined ? [] : await judgeConfig(flags.config);
  verdicts.push(...(await judgeAll(paths)));
  const [errors, warnings] = [total(verdicts, 'error'), total(verdicts, 'warning')];
  if (context.json) {
    process.stdout.write(`${JSON.stringify(verdicts.map(jsonOf), null, 2)}\n`);
  } else if (!context.quiet) {
    for (const verdict of verdicts) show(verdict, context);
    const of = verdicts.length === 1 ? verdicts[0]?.file : count(verdicts.length, 'file');
    const took = verdicts.length === 1 ? '' : `, ${formatDuration(performance.now() - begin)}`;
    process.stdout.write(
      `${of}${verdicts.length === 1 ? ': ' : ', '}${count(errors, 'error')}, ${count(warnings, 'warning')}${took}\n`,
    );
  }
  return errors > 0 || (flags.strict === true && warnings > 0) ? 1 : 0;
}

async function judgeAll(paths: readonly string[]): Promise<Verdict[]> {
  const judged: (Judged & Verdict)[] = [];
  for (const path of paths.flatMap(expand)) judged.push(await judge(path));
  const across = findAcross(judged, paths.some(isFolder));
  return judged.map(({ member: _, ...verdict }, i) => ({
    ...verdict,
    diagnostics: inOrder([...verdict.diagnostics, ...(across[i] ?? [])]),
  }));
}

function jsonOf(verdict: Verdict): object {
  const { file, manifest, config, diagnostics } = verdict;
  const valid = !hasErrors(verdict);
  return {
    file,
    valid,
    ...(manifest === undefined || !valid ? {} : { manifest }),
    ...(config === undefined ? {} : { config }),
    errors: diagnostics.map(({ code, message, hint, line, column, path, severity, related, elsewhere, omitted }) => ({
      ...{ code, message, hint, line, column, path, severity },
      ...(related === undefined ? {} : { related }),
      ...(elsewhere === undefined ? {} : { elsewhere }),
      ...(omitted === undefined ? {} : { omitted }),
    })),
  };
}

function show(verdict: Verdict, context: Context): void {
  if (verdict.diagnostics.length === 0) return;
  if (!context.out.isTTY) {
    for (const diagnostic of verdict.diagnostics) process.stdout.write(`${renderDiagnosticLine(diagnostic)}\n`);
    return;
  }
  const source = isPackage(verdict.file) ? verdict.text : sourceOf(verdict.file);
  const shown = verdict.diagnostics.slice(0, MAX_FRAMES);
  process.stdout.write(renderDiagnostics(shown, source, context.out));
  const rest = countAll(verdict.diagnostics) - countAll(shown);
  if (shown.length < verdict.diagnostics.length)
    process.stdout.write(`${count(rest, 'more finding')}: thuban validate ${verdict.file} | less\n`);
}

function countAll(diagnostics: readonly Diagnostic[]): number {
  return countFindings(diagnostics, 'error') + countFindings(diagnostics, 'warning');
}

/** The text for the frames; a file that cannot be read has a diagnostic without one. */
export function sourceOf(file: string): string | undefined {
  // Not more than is read of a manifest: a device gives bytes without end.
  const read = readManifestBytes(file);
  return 'bytes' in read ? Buffer.from(read.bytes).toString('utf8') : undefined;
}
