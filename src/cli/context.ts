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

const DEFAULT_SOCKET = '/run/thuban/console.sock';

export function contextOf(flags: CommonFlags): Context {
  const color = flags.color ?? 'auto';
  const fromEnvironment = process.env['THUBAN_SOCKET'];
  const named = flags.socket ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  return {
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    wide: flags.wide ?? false,
    verbose: flags.verbose ?? 0,
    socket: named ?? DEFAULT_SOCKET,
    socketFrom: flags.socket !== undefined ? '--socket' : named === undefined ? undefined : 'THUBAN_SOCKET',
    out: terminalOf(process.stdout, color, flags.ascii),
    err: terminalOf(process.stderr, color, flags.ascii),
  };
}
