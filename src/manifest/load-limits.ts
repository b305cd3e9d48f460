import { messageOf, type Diagnostic } from '../base/index.ts';
import { fileFinding } from './findings.ts';
import { check } from './load.ts';
import { manifestLanguage as language } from './manifest-language.ts';
import type { CgroupsSection } from './manifest.ts';
import { readDocument } from './read-document.ts';
import type { TreeNode } from './tree.ts';

/** Limits from a text, and the container that they are of when the text is a whole manifest. */
export type LimitsResult =
  | { ok: true; cgroups: CgroupsSection; name?: string; diagnostics: Diagnostic[] }
  | { ok: false; diagnostics: Diagnostic[] };

/** What a manifest cannot be without. No container is made of it. */
const REST = { name: 'limits', version: '0.0.0', uid: '1000', gid: '1000', init: '/init' };

/**
 * Reads limits from a manifest, or from a text that has nothing but a `cgroups` section. Never throws: every fault is a diagnostic with its
 * place, by the same rules for both.
 */
export function loadLimits(text: string | Uint8Array, file: string): LimitsResult {
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    const document = readDocument(bytes, file, language);
    if ('fatal' in document) return { ok: false, diagnostics: [document.fatal] };
    const isBare = complete(document.report.root);
    const read = check(document, bytes, {});
    if (!read.ok) return read;
    const { manifest } = read.manifest;
    const { diagnostics } = read;
    return { ok: true, cgroups: manifest.cgroups ?? {}, ...(isBare ? {} : { name: manifest.name }), diagnostics };
  } catch (error) {
    const hint = 'report it together with the file';
    return { ok: false, diagnostics: [fileFinding(file, 'TH9001', `a bug in Thuban: ${messageOf(error)}`, hint)] };
  }
}

/** A section that stands alone gets what a manifest needs beside it. */
function complete(root: TreeNode): boolean {
  if (root.kind !== 'map' || root.entries.size !== 1 || !root.entries.has('cgroups')) return false;
  const { span } = root;
  for (const [key, text] of Object.entries(REST))
    root.entries.set(key, { key: span, value: { kind: 'scalar', text, plain: true, span } });
  return true;
}
