import type { Code } from '../base/index.ts';

/** The HTTP status of an error code. 431 and 405 are told where they arise, because their codes have another one as well. */
export function statusOf(code: Code): number {
  return byCode[code] ?? byArea[code.slice(0, 3)] ?? 500;
}

const byCode: Partial<Record<Code, number>> = {
  TH4006: 507,
  TH5006: 409,
  TH5007: 409,
  TH5008: 413,
  TH5014: 404,
  TH5015: 500,
  TH6002: 403,
  TH6003: 404,
  TH6005: 409,
  TH6006: 413,
  TH6007: 429,
  TH6012: 400,
  TH6013: 404,
  TH6014: 503,
  TH6015: 408,
  TH7001: 422,
};

/** By the first digit: a manifest, the kernel or a start that is refused; a container that went another way; a file that is not trusted. */
const byArea: Readonly<Record<string, number>> = { TH1: 422, TH2: 422, TH3: 422, TH4: 409, TH5: 422 };
