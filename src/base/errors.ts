import { codes, type Code } from './codes.ts';

/** Where in a manifest something stands. Lines and columns count from 1; columns count UTF-16 units, as editors do. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

export interface ThubanErrorOptions {
  /** An imperative with something to type. */
  hint?: string;
  details?: Record<string, unknown>;
  cause?: unknown;
  position?: Position;
}

/** An error that a user can act on. Text rules: one sentence, no capital, no full stop, objects in backticks. */
export class ThubanError extends Error {
  readonly code: Code;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown>;
  readonly position: Position | undefined;

  constructor(code: Code, message: string, options: ThubanErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ThubanError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    this.position = options.position;
  }

  /** The error body of every `--json` output. The place in the manifest is apart: `details.file` of a refused write is the kernel's. */
  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      name: codes[this.code].name,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      details: { ...this.details, ...(this.position === undefined ? {} : { position: this.position }) },
    };
  }
}

/** One finding about a manifest. Findings are values: all are collected, sorted by place and shown together. */
export interface Diagnostic {
  code: Code;
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
  file: string;
  line: number;
  column: number;
  /** Columns to underline, at least 1. */
  length: number;
  /** The path of keys, for example `cgroups.memory.memory_hard_limit` or `mounts./data`. */
  path: string;
  /** Text beside the underline, shorter than the hint. */
  label?: string;
  /** A second place that explains the first one, for example the first of two equal keys. */
  related?: { line: number; column: number; length: number; label: string };
  /** Places, most of them in other files, that have a part in it. */
  elsewhere?: (Position & { label: string })[];
  /** On the last one of a list that was cut: how many more there were. */
  omitted?: { errors: number; warnings: number };
}

/**
 * The errno name of a system error, or undefined for anything else. Linux has two names for number 95: libuv says ENOTSUP, the kernel and
 * its documents, and so we, say EOPNOTSUPP.
 */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code))
    return error.code === 'ENOTSUP' ? 'EOPNOTSUPP' : error.code;
  return undefined;
}

/**
 * Whether a finding is about a place in a text, and not about a file, package or folder as a whole: who may write or has signed it, whether it
 * is there. What is about a whole has line and column 1 because they must be something, and nobody should look there.
 */
export function isAboutText({
  code,
  path = '',
  line,
  column,
}: Pick<Diagnostic, 'code'> & Partial<Diagnostic>): boolean {
  if (path !== '') return true;
  // A file in another encoding shows no text that could be looked at.
  if (code === 'TH1007') return line !== 1 || column !== 1;
  return !code.startsWith('TH5') && code !== 'TH1002' && code !== 'TH1008' && code !== 'TH9001';
}

export function hasErrno(error: unknown, ...wanted: string[]): boolean {
  const found = errnoOf(error);
  return found !== undefined && wanted.includes(found);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
