/** A decimal number with a unit, exact: `1.5 GiB` is 15 / 10 with the unit `GiB`. */
export interface Amount {
  numerator: bigint;
  denominator: bigint;
  unit: string;
  /** The number as written. */
  number: string;
}

/** Nobody writes a longer quantity, and a bound keeps every later step cheap. */
const MAX_LENGTH = 64;

/** Reads NUMBER[blank]UNIT; the unit may be empty, `%` or letters. */
export function readAmount(text: string): Amount | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = /^([-+]?)([0-9]+)(?:\.([0-9]+))?[ \t]*([A-Za-zµμ]*|%)$/.exec(text.trim());
  if (match?.[2] === undefined) return undefined;
  const fraction = match[3] ?? '';
  const digits = BigInt(match[2] + fraction);
  return {
    numerator: match[1] === '-' ? -digits : digits,
    denominator: 10n ** BigInt(fraction.length),
    unit: match[4] ?? '',
    number: `${match[1] === '-' ? '-' : ''}${match[2]}${match[3] === undefined ? '' : `.${fraction}`}`,
  };
}

/** Splits `1 h 30 min` into its amounts; undefined when something else stands between them. */
export function readAmounts(text: string): Amount[] | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const parts = text.trim().match(/[^A-Za-zµμ%]+[A-Za-zµμ%]*/g);
  if (parts?.join('') !== text.trim()) return undefined;
  const amounts = parts.map(readAmount);
  return amounts.every((amount) => amount !== undefined) ? amounts : undefined;
}

/** The amount times a factor, or undefined when that is not a whole number. */
export function whole(amount: Amount, factor: bigint): bigint | undefined {
  const product = amount.numerator * factor;
  return product % amount.denominator === 0n ? product / amount.denominator : undefined;
}
