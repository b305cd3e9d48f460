import { ThubanError } from '../base/index.ts';
import type { Catalogue, Entry, RejectedEntry } from './catalogue.ts';

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
export function distrustOf(entry: Entry, catalogue: Catalogue): RejectedEntry | undefined {
  const rejection = catalogue.rejectionOf(mainOf(entry, catalogue));
  return rejection?.rejected.diagnostics.some(({ code }) => DISTRUSTED.has(code)) === true ? rejection : undefined;
}

/** @throws ThubanError with the code of what is wrong with its file. */
export function checkTrust(entry: Entry, catalogue: Catalogue): void {
  const rejection = distrustOf(entry, catalogue);
  if (rejection === undefined) return;
  const { file, diagnostics } = rejection.rejected;
  const { code, message, hint } = diagnostics.find((one) => DISTRUSTED.has(one.code)) ?? { message: '' };
  throw new ThubanError(code ?? 'TH5002', `${file} is rejected by now: ${message}`, {
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

function mainOf(entry: Entry, { entries }: Catalogue): Entry {
  return entry.beside === undefined ? entry : (entries.get(entry.beside.of) ?? entry);
}
