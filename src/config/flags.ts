import { resolve } from 'node:path';
import { Source, type KeyPath } from '../manifest/index.ts';
import { madeDocument, scalar } from './made-document.ts';
import { makePart, type Part } from './part.ts';

/** The flags of `thuban daemon` that are values of the configuration, by the value that each one sets. Files may be relative. */
export interface ConfigFlags {
  /** `--repository`: replaces all repositories by one. */
  'repositories.default.dir'?: string;
  /** `--run-dir`: the default socket follows it. */
  run_dir?: string;
  /** `--data-dir` */
  data_dir?: string;
  /** `--socket`: replaces all sockets by one at this path, with the default owner, mode and permissions. */
  'console.sockets'?: string;
  /** `--cgroup-parent` */
  'cgroups.parent'?: string;
}

interface FlagRule {
  flag: string;
  path: KeyPath;
  /** A path of a shell, which may be relative. */
  isFile: boolean;
  replaces?: KeyPath;
}

const rules: Readonly<Record<keyof ConfigFlags, FlagRule>> = {
  'repositories.default.dir': {
    flag: '--repository',
    path: ['repositories', 'default', 'dir'],
    isFile: true,
    replaces: ['repositories'],
  },
  run_dir: { flag: '--run-dir', path: ['run_dir'], isFile: true },
  data_dir: { flag: '--data-dir', path: ['data_dir'], isFile: true },
  'console.sockets': { flag: '--socket', path: ['console', 'sockets', 0, 'path'], isFile: true },
  'cgroups.parent': { flag: '--cgroup-parent', path: ['cgroups', 'parent'], isFile: false },
};

/** One part for each flag that was given. */
export function readFlags(flags: ConfigFlags): Part[] {
  return Object.entries(rules).flatMap(([name, { flag, path, isFile, replaces }]) => {
    const written = flags[name as keyof ConfigFlags];
    if (written === undefined) return [];
    const text = isFile && written !== '' ? resolve(written) : written;
    return [makePart('flag', madeDocument(new Source(flag, text), path, scalar(text, false)), replaces)];
  });
}
