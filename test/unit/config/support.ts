import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../../../src/base/index.ts';
import {
  loadConfig,
  type Config,
  type ConfigResult,
  type LoadOptions,
  type Repository,
} from '../../../src/config/index.ts';
import { temporaryFolder } from '../../support/folders.ts';

export interface Given {
  /** Text of `thuban.yaml`; without it there is no such file. */
  file?: string | Uint8Array;
  /** Text of the files of `thuban.d`, by name. */
  dropIns?: Record<string, string>;
  env?: NodeJS.ProcessEnv;
  flags?: LoadOptions['flags'];
}

/** Whatever the umask is, only the owner may write. */
export function writeFile(path: string, text: string | Uint8Array): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}

/** Loads what is given from a folder of its own. In diagnostics and origins the folder's name is left out. */
export function load(given: Given): ConfigResult {
  using folder = temporaryFolder();
  const file = join(folder.path, 'thuban.yaml');
  if (given.file !== undefined) writeFile(file, given.file);
  for (const [name, text] of Object.entries(given.dropIns ?? {})) writeFile(join(folder.path, 'thuban.d', name), text);
  const result = loadConfig({ defaultFile: file, env: given.env ?? {}, flags: given.flags ?? {} });
  const short = (text: string): string => text.replaceAll(`${folder.path}/`, '');
  const diagnostics = result.diagnostics.map((found) => ({
    ...found,
    file: short(found.file),
    message: short(found.message),
  }));
  const texts = new Map(Array.from(result.texts, ([name, text]) => [short(name), text]));
  if (!result.ok) return { ...result, diagnostics, texts };
  const origins = Array.from(
    result.origins,
    ([path, { layer, where }]) => [path, where === undefined ? { layer } : { layer, where: short(where) }] as const,
  );
  return { ...result, diagnostics, texts, origins: new Map(origins) };
}

export function accept(given: Given | string): Config {
  return acceptAll(given).config;
}

export function acceptAll(given: Given | string): ConfigResult & { ok: true } {
  const result = load(typeof given === 'string' ? { file: given } : given);
  assert.ok(result.ok, JSON.stringify(result.diagnostics, undefined, 1));
  return result;
}

export function refuse(given: Given | string): Diagnostic[] {
  const result = load(typeof given === 'string' ? { file: given } : given);
  assert.equal(result.ok, false, 'the configuration is accepted');
  return result.diagnostics;
}

/** A repository that says nothing but its folder. */
export function plainRepository(dir: string): Repository {
  const unlimited = { capacity_number: 'unlimited', capacity_size: 'unlimited' } as const;
  return { type: 'dir', dir, keys: [], require_signature: false, ...unlimited };
}

/** `TH1102 thuban.yaml:1:1 path`: what a test of places compares. */
export function brief(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, file, line, column, path }) => `${code} ${file}:${line}:${column} ${path}`.trimEnd());
}
