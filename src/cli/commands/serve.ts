import type { CommandEntry } from './command.ts';

export const serve: readonly CommandEntry[] = [];
