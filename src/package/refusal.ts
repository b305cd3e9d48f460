import { ThubanError, reasonOf, visible, type Code, type Diagnostic } from '../base/index.ts';
import { fileFinding } from '../manifest/index.ts';

const DAMAGED = 'copy or download the package again';
const REPACK = 'make the package with `thuban pack`';

/** What to do, where the one who refuses knows nothing better. */
const hints: Partial<Record<Code, string>> = {
  TH5003: DAMAGED,
  TH5004: REPACK,
  TH5005: DAMAGED,
  TH5011: REPACK,
};

/** A package or key that is not to be used. It travels as an exception inside of this folder, and leaves it as a diagnostic. */
export function refusal(code: Code, message: string, hint = hints[code]): ThubanError {
  return new ThubanError(code, message, hint === undefined ? {} : { hint });
}

/** The name of an entry as a message shows it: whatever bytes it has, short and harmless. */
export function shown(name: string): string {
  const safe = visible(name);
  return `\`${safe.length > 60 ? `${safe.slice(0, 60)}…` : safe}\``;
}

/** The finding for what was thrown; errors of the system are such about the file. */
export function findingOf(file: string, error: unknown): Diagnostic {
  if (error instanceof ThubanError) {
    const finding = fileFinding(file, error.code, error.message, error.hint ?? '');
    if (error.hint === undefined) delete finding.hint;
    return finding;
  }
  return fileFinding(
    file,
    'TH1008',
    `cannot read the file: ${reasonOf(error)}`,
    'check that it exists and may be read',
  );
}
