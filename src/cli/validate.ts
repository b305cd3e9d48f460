import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { count, formatDuration, reasonOf, ThubanError, type Diagnostic } from '../base/index.ts';
import { validateConfigFile } from '../config/index.ts';
import {
  readManifestFile,
  renderDiagnosticLine,
  renderDiagnostics,
  toNorthstarJson,
  type LoadResult,
} from '../manifest/index.ts';
import { checkLimits } from '../runtime/index.ts';
import type { Context } from './context.ts';
import { asThubanError } from './print-error.ts';

export interface ValidateFlags {
  strict?: boolean;
  /** A configuration of the daemon, judged with the drop-ins beside it. */
  config?: string;
}

interface Verdict {
  file: string;
  valid: boolean;
  manifest?: unknown;
  config?: unknown;
  diagnostics: Diagnostic[];
  /** The text that places of findings are in, where it is not the file itself: of a package, its manifest. */
  text?: string | undefined;
}

/** A folder stands for the manifests and packages in it. */
function expand(path: string): string[] {
  if (!isFolder(path)) return [path];
  return namesIn(path)
    .filter((name) => name.endsWith('.yaml') || isPackage(name))
    .sort()
    .map((name) => join(path, name));
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
    return readdirSync(folder);
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
async function judge(file: string): Promise<Verdict> {
  if (!isPackage(file)) return verdictOf(file, readManifestFile(file));
  const { openPackage } = await import('../package/index.ts');
  const result = await openPackage(file, { keys: [], requireSignature: false, asGiven: true });
  return { ...verdictOf(file, result), text: result.text };
}

function verdictOf(file: string, result: LoadResult): Verdict {
  if (!result.ok) return { file, valid: false, diagnostics: result.diagnostics };
  const diagnostics = [...result.diagnostics, ...checkLimits(result.manifest)].sort(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  const valid = !diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  return {
    file,
    valid,
    ...(valid ? { manifest: toNorthstarJson(result.manifest.manifest) } : {}),
    diagnostics,
  };
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
    const valid = !diagnostics.some((diagnostic) => diagnostic.severity === 'error');
    return { file: name, valid, ...(result.ok && name === file ? { config: result.config } : {}), diagnostics };
  });
}

function total(verdicts: Verdict[], severity: Diagnostic['severity']): number {
  return verdicts.flatMap((verdict) => verdict.diagnostics).filter((diagnostic) => diagnostic.severity === severity)
    .length;
}

export async function validate(paths: string[], flags: ValidateFlags, context: Context): Promise<number> {
  const begin = performance.now();
  if (paths.length === 0 && flags.config === undefined)
    throw new ThubanError('TH6011', '`validate` needs a file or a folder of manifests, or `--config`', {
      hint: 'thuban validate camera.yaml   thuban validate --config /etc/thuban/thuban.yaml',
    });
  const verdicts = flags.config === undefined ? [] : await judgeConfig(flags.config);
  for (const path of paths.flatMap(expand)) verdicts.push(await judge(path));
  const [errors, warnings] = [total(verdicts, 'error'), total(verdicts, 'warning')];
  if (context.json) {
    const json = verdicts.map(({ file, valid, manifest, config, diagnostics }) => ({
      file,
      valid,
      ...(manifest === undefined ? {} : { manifest }),
      ...(config === undefined ? {} : { config }),
      errors: diagnostics.map(({ code, message, hint, line, column, path, severity }) => ({
        code,
        message,
        hint,
        line,
        column,
        path,
        severity,
      })),
    }));
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
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

function show(verdict: Verdict, context: Context): void {
  if (verdict.diagnostics.length === 0) return;
  if (!context.out.isTTY) {
    for (const diagnostic of verdict.diagnostics) process.stdout.write(`${renderDiagnosticLine(diagnostic)}\n`);
    return;
  }
  const options = { color: context.out.color, columns: context.out.columns };
  const source = isPackage(verdict.file) ? verdict.text : sourceOf(verdict.file);
  process.stdout.write(renderDiagnostics(verdict.diagnostics, source, options));
}

/** The text for the frames; a file that cannot be read has a diagnostic without one. */
export function sourceOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
