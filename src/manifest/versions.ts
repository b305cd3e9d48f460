import lazy from './lazy.cjs';

const NUMBER = '(0|[1-9][0-9]*)';
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const PRE_RELEASE = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)';
const TAIL = `(?:-(${PRE_RELEASE}(?:\\.${PRE_RELEASE})*))?(?:\\+${IDENTIFIERS})?`;
const COMPARATOR = new RegExp(
  `^(=|>=?|<=?|~|\\^)? *${NUMBER}(?:\\.(?:([*xX])(?:\\.[*xX])?|${NUMBER}(?:\\.(?:([*xX])|${NUMBER}${TAIL}))?))?$`,
);

/** Cargo takes no more, and nobody writes them. */
const MOST = 32;
const LONGEST = 256;

/**
 * Reads a requirement as Cargo does: comparators separated by commas, all of which must hold, or `*`. The result is its one form: `1.2` is
 * `^1.2`, `>= 1,<2` is `>=1, <2`. Undefined when it cannot be read.
 */
export function checkRequirement(text: string): string | undefined {
  if (text.length > LONGEST) return undefined;
  const whole = text.replaceAll(/^ +| +$/g, '');
  if (/^[*xX]$/.test(whole)) return '*';
  const parts = whole.split(',');
  if (parts.length > MOST) return undefined;
  const comparators = parts.map((part) => comparator(part.replaceAll(/^ +| +$/g, '')));
  return comparators.every((one) => one !== undefined) ? comparators.join(', ') : undefined;
}

function comparator(text: string): string | undefined {
  const match = COMPARATOR.exec(text);
  if (match === null) return undefined;
  const [, operator, major, anyMinor, minor, anyPatch, patch, preRelease] = match;
  const numbers = [major, minor, patch].filter((number) => number !== undefined);
  if (!numbers.every(isExact)) return undefined;
  // `1.*` alone has a meaning of its own; behind an operator it says no more than `1`.
  const any = operator === undefined && (anyMinor ?? anyPatch) !== undefined;
  const version = numbers.join('.') + (preRelease === undefined ? '' : `-${preRelease}`);
  return any ? `${version}.*` : (operator ?? '^') + version;
}

/** Whether a number of a version is one that can be compared. */
export function isExact(number: string): boolean {
  return Number.isSafeInteger(Number(number));
}

/** Whether a version without pre-release part meets a requirement. Throws on one that `checkRequirement` does not accept. */
export function satisfies(version: string, requirement: string): boolean {
  return matcher(requirement)(version);
}

/** The same for many versions. */
export function matcher(requirement: string): (version: string) => boolean {
  const comparators = checkRequirement(requirement);
  if (comparators === undefined) throw new Error(`\`${requirement}\` is not a requirement of a version`);
  // npm separates by blanks what Cargo separates by commas, and means the same by each comparator in this form.
  const range = new (lazy.semver().Range)(comparators.replaceAll(',', ''));
  return (version) => range.test(version);
}

/** Negative when `a` is the older version, 0 when both are the same, positive when it is the newer one. */
export function compareVersions(a: string, b: string): number {
  return a === b ? 0 : lazy.semver().compare(a, b);
}
