// Writes the inputs that fuzzing begins with: what src/launcher/*.ts encodes today, so that none of them is of yesterday.
//   node --import tsx scripts/fuzz/seeds.ts FOLDER
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorPayload, spawnPayload, type SpawnRequest } from '../../src/launcher/messages.ts';
import { encodeSteps, stepNumbers, type Step } from '../../src/launcher/steps.ts';
import { Frame, PROTOCOL, Writer, frame } from '../../src/launcher/wire.ts';
import { STAGING, everyStep } from '../../test/unit/launcher/steps.ts';

const [folder = ''] = process.argv.slice(2);
const isProgram = (step: Step): boolean => stepNumbers[step.op] >= stepNumbers.join;
const exec: Step = { op: 'exec', path: '/bin/sh', args: ['-c', 'echo'], env: ['A=1', 'PATH=/bin::/usr/bin'] };
const without = (...ops: Step['op'][]): Step[] => everyStep.filter((step) => !ops.includes(step.op));
const only = (...ops: Step['op'][]): Step[] => everyStep.filter((step) => ops.includes(step.op));

/** Lists of steps: all of them, each alone, and a program entering a container. */
const whole = without('enter', 'setns');
const mounting = whole.filter((step) => !isProgram(step) && step.op !== 'namespaces');
const running = whole.filter(isProgram);
const entering: Step[] = [...only('enter', 'join'), ...only('session', 'ids', 'setns'), exec];

function request(id: bigint, steps: Step[], more: Partial<SpawnRequest> = {}): Buffer {
  const nothing = (): void => undefined;
  const usual: Omit<SpawnRequest, 'id' | 'steps'> = {
    stdout: 'pipe',
    stderr: 'discard',
    uid: 1000,
    gid: 1000,
    joins: { unified: '/sys/fs/cgroup/thuban/a', tasks: ['/sys/fs/cgroup/cpu/thuban/a/tasks'] },
    oomGroup: '/sys/fs/cgroup/memory/thuban/a',
    groups: ['/sys/fs/cgroup/thuban/a'],
    blob: Buffer.from('{}'),
    onOom: nothing,
    onExit: nothing,
  };
  return frame(Frame.SPAWN, 0n, spawnPayload({ ...usual, id, steps, ...more }, STAGING));
}

const of = (type: number, w = new Writer(), seq = 1n): Buffer => frame(type, seq, w.done());
const hello = of(Frame.HELLO, new Writer().u32(PROTOCOL.MIN).u32(PROTOCOL.MAX).string('0.1.0').u32(5).string(''));
const inside: Step[] = [
  { op: 'enter', id: '1', input: true, terminal: { rows: 24, columns: 80 } },
  ...entering.slice(1),
];
const monitors = (['some', 'level'] as const).map((kind) =>
  of(Frame.MONITOR, monitorPayload(1n, kind, '/sys/fs/cgroup/a/memory.pressure', 'some 150000 2000000')),
);
const one = request(1n, whole);
const small = (id: bigint): Buffer => request(id, [...only('namespaces', 'propagation', 'root_tmpfs', 'pivot'), exec]);
// The child that attaches it has copies of all descriptors for as long as it lives.
const devices = of(Frame.DEVICES, new Writer().string('/sys/fs/cgroup/a').block(Buffer.alloc(16)));
const started = Buffer.concat([hello, ...monitors, one, small(2n), small(3n), devices]);
const asked = [
  of(Frame.SIGNAL, new Writer().u64(1n).u32(15)),
  of(Frame.BLOB, new Writer().u64(1n).block(Buffer.from('{"a":1}'))),
  of(Frame.REGISTER, new Writer().strings(['/sys/fs/cgroup/thuban']).strings(['/run/thuban/root'])),
  devices,
  of(Frame.LIST),
  of(Frame.CLOSE_INPUT, new Writer().u64(1n)),
  of(Frame.RESIZE, new Writer().u64(1n).u32(24).u32(80)),
  of(Frame.MONITOR, monitorPayload(1n, 'some')),
  of(Frame.ACK, new Writer(), 2n),
  of(Frame.RELEASE, new Writer().u64(1n)),
];
const answers = Buffer.from([...Array(64).keys()].map((i) => (i * 37) & 0xff));

let count = 0;
function seed(harness: string, bytes: Buffer): void {
  mkdirSync(join(folder, harness), { recursive: true });
  writeFileSync(join(folder, harness, `seed-${String(count++).padStart(3, '0')}`), bytes);
}
/** How many bytes are said, the bytes, and what the kernel answers: at first nothing but success. */
function said(harness: string, bytes: Buffer): void {
  const size = Buffer.alloc(2);
  size.writeUInt16LE(bytes.length);
  seed(harness, Buffer.concat([size, bytes]));
  seed(harness, Buffer.concat([size, bytes, answers]));
}

for (const frames of [
  [hello],
  [hello, one],
  [started],
  [started, request(4n, inside)],
  ...asked.map((a) => [started, a]),
])
  said('frames', Buffer.concat(frames));
said('frames', Buffer.concat([hello, of(Frame.SHUTDOWN)]));
// A greeting that ends inside of a number, with nothing behind it.
said('frames', frame(Frame.HELLO, 0n, Buffer.alloc(7)));
said('frames', Buffer.concat([started, ...asked]));

for (const steps of [mounting, ...mounting.map((step) => [step])]) said('steps', encodeSteps(steps, STAGING));

/** The header of wire.h before the steps: magic, first step, steps, joins, version2, handed, user, then those of `enter`. */
function initFrame(steps: Step[], joins: number[], enter: number[]): Buffer {
  const header = new Writer();
  for (const n of [0x31494854, 5, steps.length, ...joins, ...enter]) header.u32(n);
  return Buffer.concat([header.done(), encodeSteps(steps, STAGING)]);
}
const apart = [0, 0, 0, 0, 0];
for (const steps of [running, [exec], ...running.map((step) => [step, exec]), [{ ...exec, path: 'sh' }]])
  said('init', initFrame(steps, [2, 1, 2, 1], apart));
said('init', initFrame(entering.slice(1), [1, 0, 0, 0], [1, 1, 24, 80, 1000]));
said('init', initFrame(entering.slice(1), [1, 0, 0, 0], [1, 0, 0, 0, 1000]));

seed('reports', Buffer.alloc(0));
for (let i = 1; i < 6; i++) seed('reports', Buffer.from([...answers].map((n) => (n * i) & 0xff)));
for (const text of ['', 'PATH=/bin:/usr/bin', 'a,b=c'])
  seed('bare', Buffer.concat([Buffer.from([58, 1, 2, 3, 4, 40, 5, 100]), Buffer.from(text)]));

writeFileSync(join(folder, 'started.inc'), [...started].join(','));
