import { isOldOctal } from '../interpret.ts';
import { quote } from '../wording.ts';
import { readAmount, whole, type Amount } from './amounts.ts';
import { oldOctal, tooLarge, unreadable, wholeNumber, type Reading, type Written } from './reading.ts';

const KILO = ['k', 'm', 'g', 't', 'p', 'e'] as const;

/** Factor of a size unit, in Northstar's forms: `b`, then `k kb` times 1000 and `ki kib` times 1024, in any case. */
function sizeFactor(unit: string): bigint | undefined {
  const name = unit.toLowerCase();
  if (name === '' || name === 'b') return 1n;
  const power = KILO.findIndex((letter) => name.startsWith(letter)) + 1;
  if (power === 0) return undefined;
  const rest = name.slice(1);
  if (rest === '' || rest === 'b') return 1000n ** BigInt(power);
  return rest === 'i' || rest === 'ib' ? 1024n ** BigInt(power) : undefined;
}

/** Bytes: a whole number, or NUMBER UNIT. A fraction must give whole bytes; a bare `M` is read with a warning. */
export function readSize(written: Written): Reading {
  if (typeof written === 'number') return wholeNumber(written, 'TH1202', 'size');
  const amount = readAmount(written);
  if (amount === undefined) return unreadable('TH1202', written, 'size', undefined, 'write `64 MiB` or `64 MB`');
  if (amount.unit === '' && isOldOctal(written)) return { complaint: oldOctal(written) };
  const factor = sizeFactor(amount.unit);
  if (factor === undefined)
    return unreadable('TH1202', written, 'size', `unknown unit ${quote(amount.unit)}`, sizeHint(amount));
  const bytes = whole(amount, factor);
  if (bytes === undefined)
    return unreadable('TH1202', written, 'size', 'not a whole number of bytes', sizeHint(amount));
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) return { complaint: tooLarge(written) };
  const value = Number(bytes);
  const [letter] = amount.unit;
  if (amount.unit.length !== 1 || letter === undefined || /b/i.test(letter)) return { value };
  const [decimal, binary] = [
    `${letter.toLowerCase() === 'k' ? 'k' : letter.toUpperCase()}B`,
    `${letter.toUpperCase()}iB`,
  ];
  return {
    value,
    warning: {
      code: 'TH1310',
      message: `${quote(written)} means ${value} bytes`,
      hint: `write \`${amount.number} ${decimal}\` for the same, or \`${amount.number} ${binary}\``,
    },
  };
}

function sizeHint(amount: Amount): string {
  const letter = amount.unit.charAt(0).toUpperCase();
  const unit = /[KMGTPE]/.test(letter) ? letter : 'M';
  const number = whole(amount, 1n) === undefined || amount.numerator < 0n ? '64' : amount.number;
  const binary = Number(number) * Number(sizeFactor(`${unit}i`));
  const decimal = Number(number) * Number(sizeFactor(unit));
  return `${number} ${unit}iB (${binary} bytes) or ${number} ${unit === 'K' ? 'k' : unit}B (${decimal} bytes)`;
}

/** A size, or -1 or `unlimited`, which are the same. Other negative numbers are left to the planner. */
export function readMemoryLimit(written: Written): Reading {
  return written === 'unlimited' ? { value: -1 } : readSize(written);
}

/** A rate: a number per second, or a size with or without `/s`. */
export function readRate(written: Written): Reading {
  return readSize(typeof written === 'string' ? written.replace(/[ \t]*\/[ \t]*s$/, '') : written);
}
