import type { CommandEntry } from './command.ts';

export const look: readonly CommandEntry[] = [
  {
    usage: 'demo',
    group: 'Look:',
    summary: 'Show what Thuban does, on real processes, in about 10 seconds',
    examples: ['sudo npm run demo', 'sudo npx thuban demo --json'],
    exitCodes: '0 everything shown was checked and right, 1 something was not',
    run: async ({ context }) => (await import('../demo/index.ts')).demo(context),
  },
  {
    usage: 'version',
    group: 'Look:',
    summary: 'Print the version of Thuban, Node.js and the kernel',
    examples: ['thuban version', 'thuban version --json'],
    exitCodes: '0',
    run: async ({ context }) => (await import('../version.ts')).versionCommand(context),
  },
];
