import type { Report } from '../report.ts';
import { readCount } from '../quantities/index.ts';
import { quote } from '../wording.ts';
import { bytes, isMap, listAt, mapAt } from './look.ts';

/** env, suppl_groups, capabilities, rlimits: what the process is given. */
export function checkProcess(report: Report, input: Record<string, unknown>): void {
  checkEnv(report, mapAt(input, 'env') ?? {});
  checkGroups(report, listAt(input, 'suppl_groups'));
  checkOnce(report, 'suppl_groups', listAt(input, 'suppl_groups'));
  checkOnce(report, 'capabilities', listAt(input, 'capabilities'));
  checkRlimits(report, mapAt(input, 'rlimits') ?? {});
  checkResourceContainer(report, input);
}

function checkEnv(report: Report, env: Record<string, unknown>): void {
  const names = Object.keys(env);
  if (names.length > 64)
    report.add(['env'], {
      code: 'TH1205',
      message: `\`env\` has ${names.length} variables, allowed 0 to 64`,
      hint: 'put the rest into a file that the program reads',
    });
  for (const name of names) {
    const value = env[name];
    const path = ['env', name];
    if (/^(NORTHSTAR|THUBAN)_/.test(name))
      report.add(path, {
        code: 'TH1210',
        message: `${quote(name)} is set by the runtime`,
        hint: 'remove it; names that begin with `THUBAN_` or `NORTHSTAR_` are reserved',
        at: 'key',
      });
    else if (name === '' || name.includes('='))
      report.add(path, {
        code: 'TH1201',
        message: `${quote(name)} is not a name of a variable`,
        hint: 'use at least one character, and no `=`',
        at: 'key',
      });
    else if (bytes(name) > 64)
      report.add(path, {
        code: 'TH1205',
        message: `the name ${quote(name)} is ${bytes(name)} bytes long, allowed 1 to 64`,
        hint: 'shorten the name',
        at: 'key',
      });
    else if (typeof value === 'string' && bytes(value) > 1024)
      report.add(path, {
        code: 'TH1205',
        message: `the value of ${quote(name)} is ${bytes(value)} bytes long, allowed 0 to 1024`,
        hint: 'put it into a file that the program reads',
      });
  }
}

function checkGroups(report: Report, groups: readonly unknown[]): void {
  if (groups.length > 64)
    report.add(['suppl_groups'], {
      code: 'TH1205',
      message: `\`suppl_groups\` has ${groups.length} entries, allowed 0 to 64`,
      hint: 'remove the groups that the program does not need',
    });
  groups.forEach((group, i) => {
    if (typeof group !== 'string' || (group !== '' && bytes(group) <= 64)) return;
    report.add(['suppl_groups', i], {
      code: 'TH1205',
      message: `the group name ${quote(group)} is ${bytes(group)} bytes long, allowed 1 to 64`,
      hint: 'write the name of a group in /etc/group',
    });
  });
}

function checkOnce(report: Report, key: string, list: readonly unknown[]): void {
  const first = new Map<unknown, number>();
  const told = new Set<unknown>();
  list.forEach((entry, i) => {
    const before = first.get(entry);
    if (before === undefined) first.set(entry, i);
    else if (!told.has(entry)) {
      told.add(entry);
      report.add([key, i], {
        code: 'TH1006',
        message: `${quote(String(entry))} appears twice in ${key}`,
        hint: 'remove one of them',
        related: { path: [key, before], label: 'first here' },
      });
    }
  });
}

function checkRlimits(report: Report, rlimits: Record<string, unknown>): void {
  for (const [name, limit] of Object.entries(rlimits)) {
    if (!isMap(limit)) continue;
    const [soft, hard] = [limitOf(limit['soft']), limitOf(limit['hard'])];
    if (soft === undefined || hard === undefined || soft <= hard) continue;
    const path = ['rlimits', name];
    const shown = String(hard);
    report.add([...path, limit['soft'] === undefined ? 'hard' : 'soft'], {
      code: 'TH1205',
      message: `the soft limit of \`${name}\` is ${soft === Infinity ? 'unlimited' : soft}, allowed up to the hard limit ${shown}`,
      hint: `write \`soft: ${shown}\` or raise \`hard\``,
    });
  }
}

function limitOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === 2 ** 64) return Infinity;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const reading = readCount(value, Infinity, 0);
  return 'value' in reading ? reading.value : undefined;
}

/** Keys that mean nothing without a program. */
const NEED_INIT = [
  ...['args', 'env', 'autostart', 'cgroups', 'seccomp', 'capabilities', 'suppl_groups', 'io'],
  ...['standby', 'restart', 'stop', 'health', 'depends_on', 'schedule', 'logs', 'update'],
];

function checkResourceContainer(report: Report, input: Record<string, unknown>): void {
  if (input['init'] !== undefined) return;
  for (const key of NEED_INIT) {
    const value = Object.hasOwn(input, key) ? input[key] : undefined;
    if (value === undefined || isEmptyCollection(key, value)) continue;
    report.add([key], {
      code: 'TH1303',
      message: `\`${key}\` needs \`init\`; without it this is a resource container`,
      hint: `add \`init: /bin/sh\` or remove \`${key}\``,
      without: ['init'],
      at: 'key',
    });
  }
}

/** `args: []` says nothing, but `cgroups: {}` asks for a group. */
function isEmptyCollection(key: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return key === 'env' && isMap(value) && Object.keys(value).length === 0;
}
