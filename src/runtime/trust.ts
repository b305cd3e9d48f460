import { ThubanError, type Diagnostic } from '../base/index.ts';
import type { Catalogue, Entry } from './catalogue.ts';

/** A file or a folder that may be somebody else's work by now. What is only badly written keeps the version that was read before. */
const DISTRUSTED: ReadonlySet<string> = new Set([
  'TH5001',
  'TH5002',
  'TH5003',
  'TH5004',
  'TH5005',
  'TH5010',
  'TH5011',
  'TH5012',
]);

/** Why nothing more may be started from a container's file, by whomever. What runs of it runs on. */
function distrustOf(entry: Entry, catalogue: Catalogue): Diagnostic | undefined {
  const main = entry.beside === undefined ? entry : (catalogue.entries.get(entry.beside.of) ?? entry);
  return catalogue.rejectionOf(main)?.rejected.diagnostics.find(({ code }) => DISTRUSTED.has(code));
}

/** @throws ThubanError with the code of what is wrong with its file. */
export function checkTrust(entry: Entry, catalogue: Catalogue): void {
  const finding = distrustOf(entry, catalogue);
  if (finding === undefined) return;
  const { code, file, message, hint } = finding;
  throw new ThubanError(code, `${file} is rejected by now: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { id: entry.supervised.id, file },
  });
}

/**
 * Whether the files of one container may be mounted by another one. Where every package must be signed, what nobody signed must not come in
 * through a mount, however new its version is.
 */
export function mayMount(own: Entry, offering: Entry, catalogue: Catalogue): boolean {
  if (distrustOf(offering, catalogue) !== undefined) return false;
  const signers = catalogue.signers.get(own.repository);
  if (signers === undefined || offering.repository === own.repository) return true;
  const { signer } = offering.supervised.loaded;
  return signer !== undefined && signers.has(signer);
}
