import type { Writer } from './wire.ts';

export type SocketType = 'stream' | 'datagram' | 'seq_packet';

/** Steps of what a program finds open. */
export type SocketStep =
  /** A Unix socket with its file in a folder of the host; the program finds it open, from descriptor 3 on in the order of these steps. */
  | {
      op: 'socket';
      folder: string;
      name: string;
      type: SocketType;
      mode: number;
      uid: number;
      gid: number;
      passcred: boolean;
    }
  /** The same, connected to a stream socket. */
  | { op: 'connect'; file: string }
  /** By the program's own user. `index` counts what is handed on. */
  | { op: 'listen'; index: number; backlog: number };

export const socketStepNumbers = {
  socket: 32,
  connect: 33,
  listen: 89,
} as const satisfies Record<SocketStep['op'], number>;

export function isSocketStep<T extends { op: string }>(step: T): step is Extract<T, SocketStep> {
  return step.op in socketStepNumbers;
}

const SOCKET: Record<SocketType, number> = { stream: 0, datagram: 1, seq_packet: 2 };

export function socketPayload(step: SocketStep, w: Writer): Buffer {
  switch (step.op) {
    case 'socket':
      w.string(step.folder).string(step.name).u32(SOCKET[step.type]).u32(step.mode);
      return w.u32(step.uid).u32(step.gid).u32(Number(step.passcred)).done();
    case 'connect':
      return w.string(step.file).done();
    case 'listen':
      return w.u32(step.index).u32(step.backlog).done();
  }
}
