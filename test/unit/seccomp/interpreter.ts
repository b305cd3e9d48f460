import assert from 'node:assert/strict';

/** What a filter is asked about: struct seccomp_data. */
export interface Call {
  number: number;
  arch: number;
  args?: readonly bigint[];
}

const LIMIT = 0x1_0000_0000;

/** Runs a filter as the kernel does (net/core/filter.c), with the checks that it makes beforehand. Says the verdict and how many steps it took. */
export function run(program: Buffer, { number, arch, args = [] }: Call): { verdict: number; steps: number } {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((arg, index) => data.writeBigUInt64LE(arg, 16 + 8 * index));
  const count = program.length / 8;
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; at < count; at++) {
    steps++;
    const op = program.readUInt16LE(8 * at);
    const [yes, no] = [program.readUInt8(8 * at + 2), program.readUInt8(8 * at + 3)];
    const value = program.readUInt32LE(8 * at + 4);
    const go = (holds: boolean): void => {
      at += holds ? yes : no;
    };
    switch (op) {
      case 0x20:
        assert.ok(value % 4 === 0 && value < data.length, `word at ${value}`);
        accumulator = data.readUInt32LE(value);
        break;
      case 0x05:
        at += value;
        break;
      case 0x15:
        go(accumulator === value);
        break;
      case 0x35:
        go(accumulator >= value);
        break;
      case 0x45:
        go((BigInt(accumulator) & BigInt(value)) !== 0n);
        break;
      case 0x06:
        return { verdict: value, steps };
      default:
        assert.fail(`operation 0x${op.toString(16)} at ${at}`);
    }
    assert.ok(at < count && accumulator < LIMIT);
  }
  assert.fail('ran over its end');
}

/** The kernel refuses a program that could leave its end, or that does not end with a return. */
export function check(program: Buffer): void {
  const count = program.length / 8;
  assert.ok(count > 0 && count <= 4096, `${count} instructions`);
  for (let at = 0; at < count; at++) {
    const op = program.readUInt16LE(8 * at);
    const longest =
      op === 0x05
        ? program.readUInt32LE(8 * at + 4)
        : Math.max(program.readUInt8(8 * at + 2), program.readUInt8(8 * at + 3));
    assert.ok(at + 1 + longest < count || op === 0x06 || op === 0x20, `instruction ${at} jumps over the end`);
  }
  assert.equal(program.readUInt16LE(8 * (count - 1)), 0x06);
}
