import { terminalOf, type ColorChoice, type Terminal } from './terminal.ts';

/** What every command needs to know about how to speak. */
export interface Context {
  json: boolean;
  quiet: boolean;
  out: Terminal;
  err: Terminal;
}

export interface CommonFlags {
  json?: boolean;
  quiet?: boolean;
  color?: ColorChoice;
}

export function contextOf(flags: CommonFlags): Context {
  const color = flags.color ?? 'auto';
  return {
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    out: terminalOf(process.stdout, color),
    err: terminalOf(process.stderr, color),
  };
}
