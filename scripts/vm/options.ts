import { parseArgs } from 'node:util';
import { VmError } from './command.ts';
import {
  ARCHITECTURES,
  DEFAULT_ARCHITECTURES,
  KERNELS,
  LAYOUTS,
  type Architecture,
  type Kernel,
  type Layout,
} from './machines.ts';

export const HELP = `Runs the root tests and the release in virtual machines with kernels of Debian.

usage: npm run test:vm -- [OPTION...] [-- COMMAND [ARGUMENT...]]

  --arch amd64|arm64|armhf|all
                        one architecture, or all, one after the other; without it amd64 and arm64
  --kernel 6.1|6.12     the kernel (amd64: 6.12, arm64: 6.1, armhf: 6.1, which is the only one)
  --cgroups v2|v1|hybrid  how the cgroups are mounted (v2); v1 and hybrid need --kernel 6.1
  --systemd             with systemd as the first program (cgroups v2 as it mounts them)
  --swap                with a disk to swap to
  --only TEXT           only the tests with this text in their path, several times for several; not the release
  --release             only the release; no test. With --only: those tests and the release
  --limit MINUTES       the time that one machine has (40)
  --prepare             only fetch and build what is missing
  --help                this text
  -- COMMAND            run this in the machine, in a copy of the checkout, instead of the tests

Kernels and roots are kept in THUBAN_VM_CACHE, or thuban-vm in the user's cache folder. Exit: 0 passed, 1 a test or the
release failed, 2 usage, 125 a machine could not be made or ended without a result, with a COMMAND its own code.`;

export interface Options {
  architectures: readonly Architecture[];
  kernel: Kernel | undefined;
  layout: Layout;
  systemd: boolean;
  swap: boolean;
  /** Texts of which a test's path has one; empty for all tests. */
  only: readonly string[];
  /** Whether the tests and the release are run. */
  tests: boolean;
  release: boolean;
  /** Seconds. */
  limit: number;
  prepare: boolean;
  /** Words of a command; empty for the tests. */
  command: readonly string[];
}

export class UsageError extends VmError {}

/** Reads the arguments; `help` when that is asked for. Throws a UsageError for what it does not know. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const split = argv.indexOf('--');
  const command = split === -1 ? [] : argv.slice(split + 1);
  const values = parse(split === -1 ? argv : argv.slice(0, split));
  if (values.help === true) return 'help';
  const all = values.arch === 'all';
  const arch = all ? undefined : oneOf('--arch', ARCHITECTURES, values.arch, ', all');
  const kernel = oneOf('--kernel', KERNELS, values.kernel);
  const layout = oneOf('--cgroups', LAYOUTS, values.cgroups) ?? 'v2';
  if (layout !== 'v2' && kernel !== '6.1')
    throw new UsageError(`--cgroups ${layout} needs --kernel 6.1: later ones of Debian have no v1 memory controller`);
  if (values.systemd === true && layout !== 'v2') throw new UsageError('--systemd mounts the cgroups by itself, as v2');
  if (command.length > 0 && arch === undefined) throw new UsageError('a command needs --arch: one machine to run in');
  if (values.release === true && command.length > 0)
    throw new UsageError('--release takes no command: it runs the release');
  const minutes = Number(values.limit ?? '40');
  if (!(minutes > 0)) throw new UsageError(`--limit takes a number of minutes, not \`${values.limit ?? ''}\``);
  return {
    architectures: arch !== undefined ? [arch] : all ? ARCHITECTURES : DEFAULT_ARCHITECTURES,
    kernel,
    layout,
    systemd: values.systemd === true,
    swap: values.swap === true,
    only: values.only ?? [],
    tests: values.release !== true || values.only !== undefined,
    release: values.release === true || (values.only === undefined && command.length === 0),
    limit: minutes * 60,
    prepare: values.prepare === true,
    command,
  };
}

function parse(args: readonly string[]): Words {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ arch: text, kernel: text, cgroups: text, limit: text, only: { ...text, multiple: true } },
        ...{ systemd: flag, swap: flag, release: flag, prepare: flag, help: flag },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), 'npm run test:vm -- --help');
  }
}

interface Words {
  arch?: string | undefined;
  kernel?: string | undefined;
  cgroups?: string | undefined;
  systemd?: boolean | undefined;
  swap?: boolean | undefined;
  only?: string[] | undefined;
  limit?: string | undefined;
  release?: boolean | undefined;
  prepare?: boolean | undefined;
  help?: boolean | undefined;
}

function oneOf<T extends string>(
  name: string,
  known: readonly T[],
  value: string | undefined,
  more = '',
): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((each) => each === value);
  if (found === undefined) throw new UsageError(`${name} takes ${known.join(', ')}${more}, not \`${value}\``);
  return found;
}
