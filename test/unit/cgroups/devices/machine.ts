import assert from 'node:assert/strict';
import { Op } from '../../../../src/cgroups/devices/program.ts';

const KINDS: Record<string, number> = { b: 1, c: 2 };
const BITS: Record<string, number> = { m: 1, r: 2, w: 4 };

/**
 * Runs a program as the kernel does: eleven registers, struct bpf_cgroup_dev_ctx behind the first. What the kernel's verifier would refuse
 * (a jump back or out, an unknown instruction, a register that nobody set, an end without a result) fails the test.
 */
export function run(program: Buffer, type: string, major: number, minor: number, letters: string): boolean {
  const access = letters.split('').reduce((bits, letter) => bits | (BITS[letter] ?? 0), 0);
  const context = [(KINDS[type] ?? 0) | (access << 16), major, minor];
  const registers = new Map<number, number>([[1, 0]]);
  const get = (register: number): number => {
    const value = registers.get(register);
    assert.ok(value !== undefined, `register ${register} was never set`);
    return value;
  };
  assert.equal(program.length % 8, 0);
  for (let at = 0; at < program.length / 8; at++) {
    const bytes = program.subarray(at * 8, at * 8 + 8);
    const [op, to, from] = [bytes.readUInt8(0), bytes.readUInt8(1) & 15, bytes.readUInt8(1) >> 4];
    const [offset, value] = [bytes.readInt16LE(2), bytes.readInt32LE(4)];
    const jump = (): void => {
      assert.ok(offset >= 0 && (at + 1 + offset) * 8 < program.length, `instruction ${at} jumps by ${offset}`);
      at += offset;
    };
    switch (op) {
      case Op.LOAD_U32:
        assert.equal(from, 1, 'only the context can be read');
        assert.equal(get(from), 0);
        registers.set(to, context[offset / 4] ?? assert.fail(`nothing at ${offset}`));
        break;
      case Op.MOVE_REGISTER_32:
        registers.set(to, get(from) >>> 0);
        break;
      case Op.SHIFT_RIGHT_32:
        registers.set(to, get(to) >>> value);
        break;
      case Op.AND_32:
        registers.set(to, (get(to) & value) >>> 0);
        break;
      case Op.MOVE:
        registers.set(to, value);
        break;
      case Op.JUMP:
        jump();
        break;
      case Op.JUMP_UNLESS_EQUAL:
        if (get(to) !== value) jump();
        break;
      case Op.JUMP_IF_ANY_BIT:
        if ((get(to) & value) !== 0) jump();
        break;
      case Op.EXIT:
        return get(0) === 1;
      default:
        assert.fail(`instruction ${at} is ${op}`);
    }
  }
  assert.fail('the program runs over its end');
}
