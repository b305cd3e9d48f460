import { Assembler, MAX_INSTRUCTIONS, Op, type Place } from './assembler.ts';
import { Verdict, type ArgumentCheck, type CallRule, type FilterPolicy, type SyscallTable } from './policy.ts';

/** struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits, low word first. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENTS = 16;

const AUDIT_ARCH_X86_64 = 0xc000_003e;
/** The second set of calls that a kernel for x86-64 may have, under the same architecture (x32). */
const X32_BIT = 0x4000_0000;

const WORD = 0xffff_ffffn;

export interface CompiledFilter {
  /** A list of struct sock_filter. */
  program: Buffer;
  /** Calls of the policy that this architecture does not have. */
  unknown: string[];
}

/** Calls from `from` on, up to the next one, meet the same. */
interface Range {
  from: number;
  key: string;
  place: Place;
}

/**
 * Pure: a policy as a program of classic BPF (Documentation/userspace-api/seccomp_filter.rst). A call of another architecture kills the
 * process, since its numbers mean other calls. The number is looked up by halves, so that a call costs about nine comparisons however
 * long the policy is. Throws a RangeError where the kernel would not take it for its length.
 */
export function compileFilter({ rules, otherwise }: FilterPolicy, table: SyscallTable): CompiledFilter {
  const byNumber = new Map<number, CallRule[]>();
  const unknown = new Set<string>();
  for (const rule of rules) {
    const number = Object.hasOwn(table.numbers, rule.call) ? table.numbers[rule.call] : undefined;
    if (number === undefined) unknown.add(rule.call);
    else byNumber.set(number, [...(byNumber.get(number) ?? []), rule]);
  }
  const code = new Assembler();
  const search = lookUp(code, rangesOf(code, byNumber, otherwise));
  const ofThisSet =
    table.arch === AUDIT_ARCH_X86_64
      ? code.compare(Op.JUMP_GREATER_OR_EQUAL, X32_BIT, code.return(Verdict.KILL_PROCESS), search)
      : search;
  const known = code.load(NUMBER, ofThisSet);
  code.load(ARCHITECTURE, code.compare(Op.JUMP_EQUAL, table.arch, known, code.return(Verdict.KILL_PROCESS)));
  const { length } = code.instructions;
  if (length > MAX_INSTRUCTIONS)
    throw new RangeError(`a filter of ${length} instructions, at most ${MAX_INSTRUCTIONS} are possible`);
  return { program: code.encode(), unknown: [...unknown] };
}

/** All numbers from 0 on, each range with what decides about it; neighbours that meet the same are one range. */
function rangesOf(code: Assembler, byNumber: ReadonlyMap<number, readonly CallRule[]>, otherwise: number): Range[] {
  const ranges: Range[] = [];
  const decided = new Map<string, Place>();
  const add = (from: number, rules: readonly CallRule[]): void => {
    const key = keyOf(rules);
    if (ranges.at(-1)?.key === key) return;
    const place = decided.get(key) ?? decide(code, rules, otherwise);
    decided.set(key, place);
    if (ranges.at(-1)?.from === from) ranges.pop();
    ranges.push({ from, key, place });
  };
  add(0, []);
  for (const [number, rules] of [...byNumber].sort(([a], [b]) => a - b)) {
    add(number, rules);
    add(number + 1, []);
  }
  return merged(ranges);
}

/** A range of no length that was taken back may leave two neighbours of one kind. */
function merged(ranges: readonly Range[]): Range[] {
  return ranges.filter(({ key }, index) => index === 0 || ranges[index - 1]?.key !== key);
}

function keyOf(rules: readonly CallRule[]): string {
  return rules.map(({ when, verdict }) => `${when?.index} ${when?.values.join()} ${when?.mask} ${verdict}`).join('|');
}

function decide(code: Assembler, rules: readonly CallRule[], otherwise: number): Place {
  const unconditional = rules.findIndex(({ when }) => when === undefined);
  const conditional = unconditional < 0 ? rules : rules.slice(0, unconditional);
  let place = code.return(rules[unconditional]?.verdict ?? otherwise);
  for (const { when, verdict } of conditional.toReversed())
    if (when !== undefined) place = checkArgument(code, when, code.return(verdict), place);
  return place;
}

function checkArgument(code: Assembler, { index, values, mask }: ArgumentCheck, yes: Place, no: Place): Place {
  const low = ARGUMENTS + 8 * index;
  const high = low + 4;
  let place = no;
  if (mask !== undefined) {
    const outside = ~mask;
    const lowBits = code.load(low, code.compare(Op.JUMP_ANY_BIT, Number(outside & WORD), no, yes));
    place = code.load(high, code.compare(Op.JUMP_ANY_BIT, Number((outside >> 32n) & WORD), no, lowBits));
  }
  // The high word is looked at once for all values that share it.
  for (const upper of new Set(values.map((value) => value >> 32n))) {
    let found = place;
    for (const value of values.filter((one) => one >> 32n === upper))
      found = code.compare(Op.JUMP_EQUAL, Number(value & WORD), yes, found);
    place = code.load(high, code.compare(Op.JUMP_EQUAL, Number(upper), code.load(low, found), place));
  }
  return place;
}

/** By halves: the accumulator holds the number. */
function lookUp(code: Assembler, ranges: readonly Range[]): Place {
  const [first] = ranges;
  if (first === undefined) throw new RangeError('no ranges');
  if (ranges.length === 1) return first.place;
  const middle = Math.ceil(ranges.length / 2);
  const upper = ranges.slice(middle);
  const above = lookUp(code, upper);
  const below = lookUp(code, ranges.slice(0, middle));
  return code.compare(Op.JUMP_GREATER_OR_EQUAL, upper[0]?.from ?? 0, above, below);
}
