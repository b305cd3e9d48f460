import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resources } from '../../../src/cgroups/index.ts';

/** One vector of the optional corpus of cgroup semantics; see `about` in the file. */
export interface Vector {
  id: string;
  kind: string;
  input: Record<string, unknown> & Resources;
  v1: Record<string, string | string[]>;
  v2: Record<string, string | string[]>;
  error?: Record<string, string>;
  env?: Record<string, unknown>;
  pre?: Record<string, string>;
  warnings?: Record<string, string[]>;
  writes?: string[][];
  expect?: Record<string, unknown>;
  result?: string;
}

const folder = process.env['THUBAN_CORPUS'];
const file = folder === undefined ? undefined : join(folder, 'cgroup-vectors.json');

/** The reason to skip, printed by the test runner, or false. */
export const skipCorpus: string | false =
  file === undefined
    ? 'THUBAN_CORPUS is not set: the cgroup vectors were NOT checked'
    : existsSync(file)
      ? false
      : `${file} does not exist: the cgroup vectors were NOT checked`;

export function vectors(kind: string): Vector[] {
  if (skipCorpus !== false || file === undefined) return [];
  const text = readFileSync(file, 'utf8');
  return (JSON.parse(text) as { vectors: Vector[] }).vectors.filter((vector) => vector.kind === kind);
}
