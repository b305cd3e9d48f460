import { ALL, type Entry } from './rule.ts';
import type { DeviceList } from './list.ts';

/** The largest program that every kernel takes (BPF_MAXINSNS). */
export const MAX_INSTRUCTIONS = 4096;

/** Bytes of one instruction. */
export const INSTRUCTION = 8;

/** linux/bpf.h: class, operation and source of an operand in one byte. */
export const Op = {
  LOAD_U32: 0x61,
  MOVE_REGISTER_32: 0xbc,
  SHIFT_RIGHT_32: 0x74,
  AND_32: 0x54,
  MOVE: 0xb7,
  JUMP: 0x05,
  JUMP_UNLESS_EQUAL: 0x55,
  JUMP_IF_ANY_BIT: 0x45,
  EXIT: 0x95,
} as const;

interface Instruction {
  op: number;
  to?: number;
  from?: number;
  offset?: number;
  value?: number;
}

const RESULT = 0;
/** struct bpf_cgroup_dev_ctx, three u32: kind in the low and access in the high half of the first, major, minor. */
const CONTEXT = 1;
const KIND = 2;
/** The bits that are asked for and not allowed so far. */
const ASKED = 3;
const MAJOR = 4;
const MINOR = 5;

/** BPF_DEVCG_DEV_* */
const KINDS = { b: 1, c: 2 } as const;

const PROLOGUE: readonly Instruction[] = [
  { op: Op.LOAD_U32, to: KIND, from: CONTEXT, offset: 0 },
  { op: Op.LOAD_U32, to: MAJOR, from: CONTEXT, offset: 4 },
  { op: Op.LOAD_U32, to: MINOR, from: CONTEXT, offset: 8 },
  { op: Op.MOVE_REGISTER_32, to: ASKED, from: KIND },
  { op: Op.SHIFT_RIGHT_32, to: ASKED, value: 16 },
  { op: Op.AND_32, to: KIND, value: 0xffff },
];

/**
 * A list as a program of type BPF_PROG_TYPE_CGROUP_DEVICE: 1 allows, 0 is EPERM. One block for each exception, which is left as soon as
 * something does not fit. Where nothing is the default, each block crosses off what it allows of what was asked; when nothing is left, it
 * is allowed. Where all is the default, the first block that denies any of it ends the search.
 */
export function compileDevices({ fallback, exceptions }: DeviceList): Buffer {
  const denies = fallback === 'deny';
  const blocks = exceptions.flatMap((entry) => block(entry, denies ? allowing(entry) : denying(entry)));
  return encode([...PROLOGUE, ...blocks, ...verdict(denies ? 0 : 1)]);
}

function block(entry: Entry, body: readonly Instruction[]): Instruction[] {
  const checks: [number, number][] = [[KIND, KINDS[entry.type]]];
  if (entry.major !== null) checks.push([MAJOR, entry.major]);
  if (entry.minor !== null) checks.push([MINOR, entry.minor]);
  return [
    ...checks.map(([to, value], index) => ({
      op: Op.JUMP_UNLESS_EQUAL,
      to,
      value,
      offset: checks.length - 1 - index + body.length,
    })),
    ...body,
  ];
}

function allowing({ access }: Entry): Instruction[] {
  const allow = verdict(1);
  if (access === ALL) return allow;
  return [
    { op: Op.AND_32, to: ASKED, value: ALL & ~access },
    { op: Op.JUMP_UNLESS_EQUAL, to: ASKED, value: 0, offset: allow.length },
    ...allow,
  ];
}

function denying({ access }: Entry): Instruction[] {
  const deny = verdict(0);
  return [
    { op: Op.JUMP_IF_ANY_BIT, to: ASKED, value: access, offset: 1 },
    { op: Op.JUMP, offset: deny.length },
    ...deny,
  ];
}

function verdict(value: 0 | 1): Instruction[] {
  return [{ op: Op.MOVE, to: RESULT, value }, { op: Op.EXIT }];
}

/** struct bpf_insn. Thuban runs on little-endian machines only. */
function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION);
  for (const [index, { op, to = 0, from = 0, offset = 0, value = 0 }] of instructions.entries()) {
    const at = index * INSTRUCTION;
    bytes.writeUInt8(op, at);
    bytes.writeUInt8(to | (from << 4), at + 1);
    bytes.writeInt16LE(offset, at + 2);
    bytes.writeInt32LE(value, at + 4);
  }
  return bytes;
}
