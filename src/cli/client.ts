import { ConsoleClient } from '../console/index.ts';
import type { Context } from './context.ts';
import { talk } from './talk.ts';

/** The daemon that this command line speaks to. */
export function clientOf(context: Context): ConsoleClient {
  if (context.verbose > 0) talk(`asking the daemon at ${context.socket}`);
  return new ConsoleClient(context.socket, context.verbose > 1 ? { onRequest: talk } : {});
}
