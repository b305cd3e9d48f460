import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { loadManifest, renderDiagnosticLine, renderDiagnostics, type Manifest } from '../../src/manifest/index.ts';

/** Of this process: what others do on the machine does not count. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * What holds for every input: it is read in bounded time without a fault of ours, each finding has a place in the text and can be drawn,
 * nothing of it controls a terminal, and what is accepted reads back equal. Returns the manifest of an input that is accepted.
 */
export function checkReader(input: string | Uint8Array): Manifest | undefined {
  const start = cpuSeconds();
  const result = loadManifest(input, 'f.yaml');
  const text = typeof input === 'string' ? input : Buffer.from(input).toString();
  const frames = renderDiagnostics(result.diagnostics, text, { color: false, columns: 80 });
  const lines = result.diagnostics.map(renderDiagnosticLine);
  assert.ok(cpuSeconds() - start < 2, 'it takes more than two seconds');
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
  for (const shown of [frames, ...lines]) assert.doesNotMatch(shown, controls);
  const last = text.split(/\r\n|\r|\n/).length;
  for (const { code, line, column, length, message } of result.diagnostics) {
    assert.notEqual(code, 'TH9001', message);
    assert.ok(line >= 1 && line <= last && column >= 1 && length >= 1, `${line}:${column}+${length}`);
  }
  if (!result.ok) {
    assert.ok(result.diagnostics.some(({ severity }) => severity === 'error'));
    return undefined;
  }
  const { manifest } = result.manifest;
  for (const printed of [JSON.stringify(manifest), stringify(manifest)]) {
    const again = loadManifest(printed, 'f.yaml');
    assert.ok(again.ok, `${printed}\n${JSON.stringify(again.diagnostics)}`);
    assert.deepEqual(again.manifest.manifest, manifest);
  }
  return manifest;
}
