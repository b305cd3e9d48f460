import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { capabilityNames } from '../../../src/launcher/capabilities.ts';
import { rlimitNumber } from '../../../src/launcher/rlimits.ts';
import { encodeSteps, stepNumbers } from '../../../src/launcher/steps.ts';
import {
  Frame,
  FrameSplitter,
  HEADER_SIZE,
  MAX_FRAME,
  MAX_HANDED,
  PROTOCOL,
  Reader,
  Refused,
  Writer,
  frame,
} from '../../../src/launcher/wire.ts';
import { blocksOf, sizeBy, stepLayouts } from './layouts.ts';
import { everyStep, image, STAGING } from './steps.ts';

const read = (name: string): string => readFileSync(new URL(`../../../src/launcher/${name}`, import.meta.url), 'utf8');
const header = read('wire.h');

/** `PREFIX_NAME = 1,` of an enum, and `#define PREFIX_NAME 1`, as NAME → 1. */
function numbers(prefix: string, text = header): Record<string, number> {
  const found = text.matchAll(new RegExp(`\\b${prefix}([A-Z0-9_]+) (?:= )?(\\d+)`, 'g'));
  return Object.fromEntries([...found].map(([, name = '', value]) => [name, Number(value)]));
}

describe('wire.h and its TypeScript side', () => {
  test('have the same frame types', () => {
    const {
      PROTOCOL_MIN,
      PROTOCOL_MAX,
      MAX_FRAME: maxFrame,
      MAX_BLOB,
      MAX_JOINS,
      MAX_HANDED: handed,
      ...types
    } = numbers('WIRE_');
    assert.deepEqual(types, { ...Frame });
    assert.deepEqual(PROTOCOL, { MIN: PROTOCOL_MIN, MAX: PROTOCOL_MAX });
    assert.equal(maxFrame, MAX_FRAME);
    assert.equal(handed, MAX_HANDED);
    assert.ok(MAX_BLOB! > 0 && MAX_JOINS! > 0);
  });

  test('have the same reasons for a refusal', () => {
    assert.deepEqual(numbers('REFUSED_'), { ...Refused });
  });

  test('have the same step numbers', () => {
    const { PROGRAM, ...steps } = numbers('STEP_');
    assert.equal(PROGRAM, stepNumbers.join, 'the first step of the program’s own process');
    const ours = Object.fromEntries(Object.entries(stepNumbers).map(([name, number]) => [name.toUpperCase(), number]));
    assert.deepEqual(steps, ours);
  });

  test('have the same mount attributes', () => {
    const bits = numbers('ATTR_');
    for (const [name, attribute] of [
      ['RDONLY', 'ro'],
      ['NOSUID', 'nosuid'],
      ['NODEV', 'nodev'],
      ['NOEXEC', 'noexec'],
      ['IDMAP', 'idmap'],
    ] as const) {
      const bytes = encodeSteps([{ op: 'root_attributes', attributes: [attribute] }], STAGING);
      assert.equal(bytes.readUInt32LE(8), bits[name], name);
    }
  });

  test('have a header of the same size', () => {
    assert.match(
      header,
      /struct wire_header \{\s+uint32_t size;\s+uint16_t type;\s+uint16_t zero;\s+uint64_t seq;\s+\}/,
    );
    assert.equal(frame(Frame.LIST, 0n, Buffer.alloc(0)).length, HEADER_SIZE);
    assert.equal(HEADER_SIZE, 4 + 2 + 2 + 8);
  });
});

describe('numbers of the kernel', () => {
  test('resource limits are those of asm-generic/resource.h', (t) => {
    const path = '/usr/include/asm-generic/resource.h';
    if (!existsSync(path)) {
      t.skip(`${path} is missing: apt-get install linux-libc-dev`);
      return;
    }
    const defined = [...readFileSync(path, 'utf8').matchAll(/^#\s*define RLIMIT_([A-Z]+)\s+(\d+)/gm)];
    assert.equal(defined.length, 16);
    for (const [, name = '', number] of defined) assert.equal(rlimitNumber(name.toLowerCase()), Number(number), name);
  });

  test('capabilities are those of linux/capability.h, in its order', (t) => {
    const path = '/usr/include/linux/capability.h';
    if (!existsSync(path)) {
      t.skip(`${path} is missing: apt-get install linux-libc-dev`);
      return;
    }
    for (const [, name, number] of readFileSync(path, 'utf8').matchAll(/^#define (CAP_[A-Z_]+)\s+(\d+)$/gm))
      assert.equal(capabilityNames[Number(number)], name);
  });
});

describe('a payload', () => {
  test('is read as it was written', () => {
    const data = new Writer()
      .u32(0xffff_ffff)
      .u64(0xffff_ffff_ffff_ffffn)
      .string('')
      .string('Straße')
      .u32(-900)
      .block(Buffer.from([1, 2, 3]))
      .strings(['a', 'bc'])
      .done();
    const r = new Reader(data);
    assert.equal(r.u32(), 0xffff_ffff);
    assert.equal(r.u64(), 0xffff_ffff_ffff_ffffn);
    assert.equal(r.string(), '');
    assert.equal(r.string(), 'Straße');
    assert.equal(r.i32(), -900);
    assert.deepEqual([...r.block(r.u32())], [1, 2, 3]);
    assert.deepEqual([r.u32(), r.string(), r.string()], [2, 'a', 'bc']);
    assert.throws(() => r.u32(), RangeError);
  });

  test('never holds a NUL inside of a string', () => {
    assert.throws(() => new Writer().string('a\0b'), RangeError);
  });

  test('that ends too early is refused, not guessed', () => {
    const data = new Writer().string('abcdef').done();
    for (let size = 0; size < data.length; size++)
      assert.throws(() => new Reader(data.subarray(0, size)).string(), RangeError, `${size} of ${data.length} bytes`);
  });
});

describe('the frame splitter', () => {
  const payloads = [Buffer.alloc(0), Buffer.from('x'), Buffer.from('a longer one')];
  const stream = Buffer.concat(payloads.map((payload, i) => frame(Frame.STARTED + i, BigInt(i + 1), payload)));

  function check(frames: { type: number; seq: bigint; payload: Buffer }[]): void {
    const expected = payloads.map((payload, i) => [Frame.STARTED + i, BigInt(i + 1), payload.toString()]);
    assert.deepEqual(
      frames.map(({ type, seq, payload }) => [type, seq, payload.toString()]),
      expected,
    );
  }

  test('finds the same frames wherever the stream is cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const splitter = new FrameSplitter();
      check([...splitter.push(stream.subarray(0, cut)), ...splitter.push(stream.subarray(cut))]);
    }
  });

  test('finds them one byte at a time', () => {
    const splitter = new FrameSplitter();
    check([...stream].flatMap((byte) => splitter.push(Buffer.from([byte]))));
  });

  test('refuses a size that no launcher sends, before it has arrived', () => {
    const announced = Buffer.alloc(HEADER_SIZE);
    announced.writeUInt32LE(0x7fff_ffff, 0);
    assert.throws(() => new FrameSplitter().push(announced), RangeError);
  });

  test('a frame over the limit is not sent', () => {
    assert.throws(() => frame(Frame.SPAWN, 0n, Buffer.alloc(MAX_FRAME + 1)), RangeError);
    assert.equal(frame(Frame.SPAWN, 0n, Buffer.alloc(MAX_FRAME)).length, HEADER_SIZE + MAX_FRAME);
  });
});

describe('encoded steps', () => {
  const layouts = stepLayouts({
    mounts: read('mounts.c'),
    program: read('program.c'),
    spawn: read('spawn.c'),
    squashfs: read('squashfs.c'),
    sockets: read('sockets.c'),
    dev: read('dev.c'),
    keep: read('keep.c'),
    overlay: read('overlay.c'),
    user: read('user.c'),
    enter: read('enter.c'),
  });

  test('the C side reads every step that can be planned', () => {
    assert.deepEqual(Object.keys(layouts).sort(), Object.keys(stepNumbers).sort());
    assert.deepEqual(everyStep.map((step) => step.op).sort(), Object.keys(stepNumbers).sort());
  });

  for (const step of everyStep) {
    test(`${step.op} has exactly the bytes that the C side reads`, () => {
      const blocks = blocksOf(encodeSteps([step], STAGING));
      assert.equal(blocks.length, 1);
      assert.equal(blocks[0]!.op, stepNumbers[step.op]);
      assert.equal(sizeBy(layouts[step.op] ?? [], blocks[0]!.payload), blocks[0]!.payload.length);
    });
  }

  test('a list of steps is the steps one after the other', () => {
    const blocks = blocksOf(encodeSteps(everyStep, STAGING));
    assert.deepEqual(
      blocks.map(({ op }) => op),
      everyStep.map(({ op }) => stepNumbers[op]),
    );
  });

  test('an image keeps all 64 bits of what tells its file from others', () => {
    const r = new Reader(blocksOf(encodeSteps([{ op: 'root_image', image, attributes: [] }], STAGING))[0]!.payload);
    assert.deepEqual([r.string(), r.u32(), r.string()], [STAGING, 0, image.file]);
    assert.deepEqual(
      [r.u64(), r.u64(), r.u64(), r.u64(), r.u64(), r.u64()],
      [66306n, 2n ** 64n - 1n, 12884901888n, 1795670400123456789n, 2n ** 32n + 1536n, 2n ** 33n],
    );
  });

  test('an unlimited resource is all ones, a score below zero keeps its sign', () => {
    const limit = blocksOf(encodeSteps([{ op: 'rlimit', resource: 'nofile', soft: 5, hard: null }], STAGING))[0]!
      .payload;
    assert.deepEqual(
      [limit.readUInt32LE(0), limit.readBigUInt64LE(4), limit.readBigUInt64LE(12)],
      [7, 5n, 2n ** 64n - 1n],
    );
    const score = blocksOf(encodeSteps([{ op: 'oom_score_adj', value: -500 }], STAGING))[0]!.payload;
    assert.equal(score.readInt32LE(0), -500);
  });
});
