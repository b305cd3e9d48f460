import { existsSync } from 'node:fs';
import { placesOf, systemPlaces } from '../base/index.ts';
import { terminalOf, type ColorChoice, type Terminal } from './terminal.ts';

/** What every command needs to know about how to speak, and with whom. */
export interface Context {
  json: boolean;
  quiet: boolean;
  /** Shorten nothing and leave no column out. */
  wide: boolean;
  /** 1: say what is done; 2: also every request. */
  verbose: number;
  /** The console socket. */
  socket: string;
  /** What has named the socket, so that somebody should answer there. */
  socketFrom: '--socket' | 'THUBAN_SOCKET' | undefined;
  out: Terminal;
  err: Terminal;
}

export interface CommonFlags {
  json?: boolean;
  quiet?: boolean;
  wide?: boolean;
  ascii?: boolean;
  verbose?: number;
  socket?: string;
  color?: ColorChoice;
}

/** A user without a daemon of his own asks that of the board. */
function defaultSocket(): string {
  const [own, board] = [placesOf(), systemPlaces].map(({ runDir }) => `${runDir}/console.sock`);
  return own !== undefined && existsSync(own) ? own : (board ?? '');
}

export function contextOf(flags: CommonFlags): Context {
  const color = flags.color ?? 'auto';
  const fromEnvironment = process.env['THUBAN_SOCKET'];
  const named = flags.socket ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  return {
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    wide: flags.wide ?? false,
    verbose: flags.verbose ?? 0,
    socket: named ?? defaultSocket(),
    socketFrom: flags.socket !== undefined ? '--socket' : named === undefined ? undefined : 'THUBAN_SOCKET',
    out: terminalOf(process.stdout, color, flags.ascii),
    err: terminalOf(process.stderr, color, flags.ascii),
  };
}
