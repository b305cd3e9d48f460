import { suggest, type Code } from '../../base/index.ts';
import { quote } from '../wording.ts';

/** What is wrong with a quantity, or what it is worth noting. */
export interface Complaint {
  code: Code;
  message: string;
  label?: string;
  hint: string;
}

export type Reading = { value: number; warning?: Complaint } | { complaint: Complaint };

/** A quantity as it stands in the file. */
export type Written = string | number;

/** A number that must be whole and exact. */
export function wholeNumber(value: number, code: Code, what: string, hint = 'write a whole number'): Reading {
  if (Number.isSafeInteger(value)) return { value };
  if (Number.isInteger(value)) return { complaint: tooLarge(value) };
  return unreadable(code, value, what, 'not a whole number', hint);
}

/** The complaint about a text that is not such a quantity. */
export function unreadable(
  code: Code,
  written: Written,
  what: string,
  label: string | undefined,
  hint: string,
): Reading {
  const message = `cannot read ${quote(String(written))} as a ${what}`;
  return { complaint: { code, message, hint, ...(label === undefined ? {} : { label }) } };
}

/** Names the unit that is not known, and the one that is probably meant. */
export function unknownUnit(unit: string, units: readonly string[]): string {
  const meant = unit === 'm' && units.includes('min') ? 'min' : suggest(unit, units);
  return `unknown unit ${quote(unit)}${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`;
}

/** The complaint about a quantity outside of its range; `any` is no upper bound. */
export function outOfRange(written: Written, min: string, max: string, nearest: string): Reading {
  const range = max === 'any' ? `allowed from ${min}` : `allowed ${min} to ${max}`;
  return {
    complaint: {
      code: 'TH1205',
      message: `${quote(String(written))} is out of range, ${range}`,
      hint: `write \`${nearest}\``,
    },
  };
}

/** A number that a double cannot hold exactly. */
export function tooLarge(written: Written): Complaint {
  const message = `${quote(String(written))} is out of range, allowed up to ${Number.MAX_SAFE_INTEGER}`;
  return { code: 'TH1205', message, hint: 'leave the key out where no limit is meant' };
}

/** `0777` means different things to different readers of YAML. */
export function oldOctal(text: string): Complaint {
  const digits = text.replace(/^[-+]?0+/, '') || '0';
  const octal = /^[0-7]+$/.test(digits) ? `\`0o${digits}\` for octal or ` : '';
  return {
    code: 'TH1209',
    message: `${quote(text)} is octal for some programs and decimal for others`,
    hint: `write ${octal}\`${digits}\` for decimal`,
  };
}
