// What each harness is made of: sources of the program, sources of the test beside the fake kernel, and how many edges of the program a run
// reaches at least (about four fifths of what 20 seconds reach here).
const stage = [
  ...['stage', 'mounts', 'network', 'user', 'sockets', 'paths', 'loop', 'squashfs', 'overlay', 'dev', 'keep', 'hide'],
  ...[
    'null',
    'image',
    'main',
    'rootless',
    'transport',
    'spawn',
    'container',
    'enter',
    'monitor',
    'reports',
    'devices',
    'teardown',
  ],
];
export const harnesses = [
  { name: 'frames', parts: stage, aside: ['frames', 'resident'], edges: 1000 },
  { name: 'reports', parts: stage, aside: ['reports', 'resident'], edges: 700 },
  { name: 'steps', parts: stage, aside: ['steps'], edges: 600 },
  { name: 'init', parts: ['init', 'program', 'entered', 'terminal'], aside: ['init'], edges: 280 },
  { name: 'bare', parts: ['bare'], aside: ['bare'], edges: 70 },
];
