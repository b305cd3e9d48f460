import { dirname } from 'node:path/posix';
import type { Step } from '../launcher/index.ts';
import type { Explanation } from './image-failure.ts';

const makingHints: Readonly<Record<string, string>> = {
  ENOENT: 'the folder was removed while the daemon ran: start the daemon again',
  ELOOP: 'somebody has put a symbolic link in the place of the folder',
  EISDIR: 'a folder has its place: remove it',
  ENOSPC: 'the filesystem is full: df -h, df -i',
};

/** What is known of a socket of a manifest, or of the console, that could not be made or reached. */
export function explainSocket(errno: string, step: Step, why: string): Explanation | undefined {
  if (step.op === 'socket') {
    const hint = makingHints[errno];
    const message = `the socket \`${step.name}\` cannot be made in ${step.folder}: ${why}`;
    return { code: 'TH3010', message, ...(hint === undefined ? {} : { hint }) };
  }
  if (step.op !== 'connect') return undefined;
  return {
    code: 'TH3010',
    message: `the console of the container cannot be reached: ${why}`,
    hint: `the daemon listens at ${step.file} while it starts a container; something else has changed ${dirname(step.file)}`,
  };
}
