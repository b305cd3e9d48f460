import { getSystemErrorMap } from 'node:util';

/** A system error as node:fs throws it. */
export class FakeErrno extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path: string;

  constructor(code: string, syscall: string, path: string) {
    super(`${code}: ${syscall} '${path}'`);
    this.code = code;
    this.errno = [...getSystemErrorMap()].find(([, [name]]) => name === code)?.[0] ?? -1;
    this.syscall = syscall;
    this.path = path;
  }
}

/** What a rule throws; the tree turns it into a FakeErrno with the path. */
export class Refuse extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export function refuse(code: string): never {
  throw new Refuse(code);
}
