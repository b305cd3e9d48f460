import { ThubanError } from '../base/index.ts';

/** Something that is not as it was. */
export interface Standing {
  path: string;
  file: string;
  was: string;
  stands: string;
}

/** The error of a change that was refused, when all of it was taken back. */
export function oldStand(error: unknown): unknown {
  if (!(error instanceof ThubanError)) return error;
  const { code, message, hint, details, cause } = error;
  return new ThubanError(code, `${message}; the old limits stand`, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...details, stands: 'old' },
    cause,
  });
}

/** The error of a change that was refused, when not all of it could be taken back. */
export function mixed(error: unknown, standing: readonly Standing[], key?: string): ThubanError {
  const why = error instanceof Error ? error.message : String(error);
  const what = standing.map(({ file, was, stands }) => `${file} is \`${stands}\` and was \`${was}\``).join(', ');
  return new ThubanError('TH2017', `${why}; not all of it could be taken back: ${what}`, {
    hint: 'write these limits again with `thuban update`, or restart the container',
    details: {
      stands: standing.map((one) => ({ ...one })),
      ...(key === undefined ? {} : { key }),
      ...(error instanceof ThubanError ? { refused: error.toJSON() } : {}),
    },
    cause: error,
  });
}
