import assert from 'node:assert/strict';
import type { Diagnostic } from '../../../src/base/index.ts';
import { loadManifest, type Manifest } from '../../../src/manifest/index.ts';

/** The mandatory keys and a program: five lines, so that a test's own text begins on line 6. */
export const HEAD = 'name: camera\nversion: 1.0.0\ninit: /bin/camera\nuid: 1000\ngid: 1000\n';

/** Loads HEAD and the given lines, which must be sound. */
export function accept(text: string): Manifest {
  return acceptAll(HEAD + text);
}

export function acceptAll(text: string): Manifest {
  const result = loadManifest(text, 'test.yaml');
  assert.ok(result.ok, JSON.stringify(result.diagnostics, undefined, 1));
  return result.manifest.manifest;
}

/** Loads HEAD and the given lines, which must be refused. */
export function refuse(text: string): Diagnostic[] {
  return refuseAll(HEAD + text);
}

export function refuseAll(text: string | Uint8Array): Diagnostic[] {
  const result = loadManifest(text, 'test.yaml');
  assert.equal(result.ok, false, 'the manifest is accepted');
  return result.diagnostics;
}

/** `TH1102 6:1 path`: what a test of places compares. */
export function brief(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, line, column, path }) => `${code} ${line}:${column} ${path}`.trimEnd());
}
