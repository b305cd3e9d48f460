import { ThubanError, hasErrno, reasonOf, type Code, type Diagnostic } from '../../base/index.ts';

const FULL = ['ENOSPC', 'EDQUOT'] as const;

/** What the system said while a repository was written to. */
export function cannotWrite(dir: string, error: unknown): ThubanError {
  if (error instanceof ThubanError) return error;
  if (hasErrno(error, ...FULL))
    return new ThubanError('TH4006', `${dir} is full`, {
      hint: 'free space, for example by `thuban uninstall` of what is not needed',
      details: { dir },
      cause: error,
    });
  if (hasErrno(error, 'ENOENT'))
    return new ThubanError('TH5015', `the folder ${dir} does not exist`, {
      hint: `install -d ${dir}`,
      details: { dir },
      cause: error,
    });
  return new ThubanError('TH5015', `cannot write to ${dir}: ${reasonOf(error)}`, {
    hint: 'see whether its file system is mounted read-only',
    details: { dir },
    cause: error,
  });
}

/** A package that was not accepted, by the first thing that is wrong with it; all of them are in the details. */
export function notAccepted(diagnostics: readonly Diagnostic[]): ThubanError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return new ThubanError('TH9001', 'a bug in Thuban: a package is refused without a reason');
  const { code, message, hint, file, line, column } = first;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more in its manifest` : '';
  return new ThubanError(code, `${message}${more}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(isAboutManifest(code) ? { position: { file, line, column } } : {}),
    details: { errors: diagnostics },
  });
}

/** A package that had its name, and is not found there. */
export function notThere(file: string): ThubanError {
  return new ThubanError('TH5003', `\`${file}\` was removed or replaced while it was installed`, {
    hint: 'see who else writes to the folder, and install it again',
    details: { file },
  });
}

function isAboutManifest(code: Code): boolean {
  return code.startsWith('TH1');
}

export function shuttingDown(): ThubanError {
  return new ThubanError('TH6014', 'the daemon is shutting down', { hint: 'wait for the next one' });
}
