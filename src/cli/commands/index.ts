import { act } from './act.ts';
import type { CommandEntry } from './command.ts';
import { declare } from './declare.ts';
import { look } from './look.ts';
import { packages } from './package.ts';
import { serve } from './serve.ts';
import { shutdown } from './shutdown.ts';

export { familyOf, nameOf, type CommandEntry, type Invocation } from './command.ts';

/** Every command, in the order of the list that `thuban` alone prints. */
export const commands: readonly CommandEntry[] = [...look, ...act, ...serve, shutdown, ...declare, ...packages];
