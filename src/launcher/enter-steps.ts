import type { Writer } from './wire.ts';

/** Made by a program's own process, after it has joined its groups. */
export type OwnNamespace = 'cgroup' | 'user' | 'mount';

export interface TerminalSize {
  rows: number;
  columns: number;
}

/** The steps that make a further program in a container. */
export type EnterStep =
  /**
   * Instead of `namespaces`: those of the container that runs under this id of the launcher. `input`: its standard input is a pipe, else there is
   * nothing to read. A terminal takes the place of all three.
   */
  | { op: 'enter'; id: string; input: boolean; terminal?: TerminalSize }
  /** The namespaces that only the container's own program is in. */
  | { op: 'setns'; namespaces: OwnNamespace[] };

/** clone(2) flags. */
const CLONE: Record<OwnNamespace, bigint> = {
  mount: 0x0002_0000n,
  cgroup: 0x0200_0000n,
  user: 0x1000_0000n,
};

export function enterPayload(step: EnterStep, w: Writer): Buffer {
  if (step.op === 'setns') return w.u64(step.namespaces.reduce((flags, name) => flags | CLONE[name], 0n)).done();
  const { id, input, terminal } = step;
  const { rows, columns } = terminal ?? { rows: 0, columns: 0 };
  w.u64(BigInt(id))
    .u32(Number(input))
    .u32(Number(terminal !== undefined));
  return w.u32(rows).u32(columns).done();
}
