import type { Language } from '../manifest/index.ts';
import { shape } from './generated/shape.js';
import { validate } from './generated/validate-config.js';
import { unsupported } from './unsupported.ts';

export const configLanguage: Language = {
  document: 'configuration',
  oneDocument: 'merge them, or make a drop-in of each in `thuban.d`',
  tooLarge: 'keep only what differs from the defaults',
  shape,
  validate,
  unsupported,
  nouns: {
    'repositories.*.type': 'kind of repository',
    'cgroups.enforce': 'way to enforce limits',
    'console.sockets.*.permissions': 'set of permissions',
    'console.sockets.*.permissions.*': 'permission',
    'logs.target': 'place for logs',
    'schedule.clock_gate': 'way to wait for the clock',
    'daemon.log_level': 'log level',
  },
  expected: {
    repositories: 'a map of name to repository',
    'repositories.*': 'a map, for example `{dir: /var/lib/thuban/repository}`',
    'repositories.*.keys': 'a list of files',
    'console.sockets': 'a list of sockets',
    'console.sockets.*': 'a map, for example `{path: /run/thuban/console.sock}`',
    'console.sockets.*.permissions': '`full` or a list of permissions',
  },
  missing: {},
  foreign: { keys: [], values: {} },
};
