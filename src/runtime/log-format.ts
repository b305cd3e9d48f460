import type { Stream } from './output.ts';

/** One line that a program wrote. Stream `thuban`: a remark of the runtime itself, for example that lines were lost. */
export interface LogRecord {
  /** RFC 3339, UTC. */
  time: string;
  stream: Stream | 'thuban';
  line: string;
}
