import { machine, release } from 'node:os';
import { version } from '../base/index.ts';
import type { Context } from './context.ts';

export function versionCommand(context: Context): number {
  const facts = { version, node: process.version.slice(1), kernel: release(), arch: machine() };
  if (context.json) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else process.stdout.write(`thuban ${version}   Node ${facts.node}, Linux ${facts.kernel} ${facts.arch}\n`);
  return 0;
}
