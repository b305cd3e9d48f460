import { readCpuTime } from '../quantities/index.ts';
import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { quote } from '../wording.ts';
import { bytes, mapAt, numberOf, textAt } from './look.ts';

/** sched, network, seccomp, selinux, sockets: names that become paths, and rules that must say something. */
export function checkIsolation(report: Report, input: Record<string, unknown>): void {
  checkDeadline(report, mapAt(input, 'sched', 'policy', 'deadline'));
  checkNamespace(report, textAt(mapAt(input, 'network'), 'namespace'));
  for (const list of ['allow', 'deny']) checkCalls(report, ['seccomp', list], mapAt(input, 'seccomp', list) ?? {});
  checkErrno(report, mapAt(input, 'seccomp'));
  for (const key of ['mount_context', 'exec'])
    checkContext(report, ['selinux', key], textAt(mapAt(input, 'selinux'), key));
  for (const name of Object.keys(mapAt(input, 'sockets') ?? {})) checkSocketName(report, name);
}

/** sched(7): a period holds its deadline, and a deadline its run time. */
function checkDeadline(report: Report, times: Record<string, unknown> | undefined): void {
  const names = ['runtime', 'deadline', 'period'] as const;
  const values = names.map((name) => numberOf(times?.[name], readCpuTime));
  for (const [i, name] of names.entries()) {
    const [before, value] = [values[i - 1], values[i]];
    if (before === undefined || value === undefined || before <= value) continue;
    const path = ['sched', 'policy', 'deadline'];
    report.add([...path, name], {
      code: 'TH1306',
      message: `\`${name}\` is shorter than \`${String(names[i - 1])}\``,
      hint: 'runtime is at most deadline, and deadline at most period',
      related: { path: [...path, String(names[i - 1])], label: `${before} µs` },
    });
    return;
  }
}

/** It is a file in /run/netns; `/` and `..` would lead out of there. */
function checkNamespace(report: Report, name: string | undefined): void {
  if (name === undefined || isFileName(name, 256)) return;
  report.add(['network', 'namespace'], {
    code: 'TH1201',
    message: `${quote(name)} is not a name of a network namespace`,
    hint: 'write a name that `ip netns list` shows: 1 to 256 bytes, without `/`',
  });
}

const MAX_VALUES = 50;

function checkCalls(report: Report, path: KeyPath, calls: Record<string, unknown>): void {
  for (const [name, rule] of Object.entries(calls)) {
    if (!/^[a-z0-9_]{1,64}$/.test(name))
      report.add([...path, name], {
        code: 'TH1201',
        message: `${quote(name)} is not a name of a system call`,
        hint: 'write it as in syscalls(2), for example `ptrace`',
        at: 'key',
      });
    const args = mapAt(rule, 'args');
    if (args === undefined) continue;
    const at = [...path, name, 'args'];
    if (args['values'] === undefined && args['mask'] === undefined)
      report.add(at, {
        code: 'TH1104',
        message: `the rule for ${quote(name)} says no value`,
        hint: 'add `values: [0, 1]`, which are allowed, or `mask: 0xff`, the bits that may be set',
      });
    const { values } = args;
    if (Array.isArray(values) && values.length > MAX_VALUES)
      report.add([...at, 'values'], {
        code: 'TH1205',
        message: `\`values\` has ${values.length} entries, allowed 0 to ${MAX_VALUES}`,
        hint: 'write the bits that may be set as `mask`, or allow `any`',
        at: 'key',
      });
  }
}

/** An error number is returned by the action `errno` only. */
function checkErrno(report: Report, seccomp: Record<string, unknown> | undefined): void {
  const action = textAt(seccomp, 'action') ?? 'kill_process';
  if (seccomp?.['errno'] === undefined || action === 'errno') return;
  report.add(['seccomp', 'errno'], {
    code: 'TH1306',
    message: `\`seccomp.errno\` and \`seccomp.action: ${action}\` exclude each other`,
    hint: 'write `action: errno`, or remove `errno`',
    at: 'key',
  });
}

/** Northstar knows letters, digits, `:` and `_`; categories of MCS need `,`, `.` and `-` too: `s0-s0:c0.c1023`. */
function checkContext(report: Report, path: KeyPath, context: string | undefined): void {
  if (context === undefined) return;
  const bad = /[^A-Za-z0-9:_,.-]/u.exec(context)?.[0];
  if (bad === undefined && context.length >= 1 && context.length <= 65_535) return;
  report.add(path, {
    code: 'TH1201',
    message: `${quote(context)} is not an SELinux context`,
    ...(bad === undefined ? {} : { label: `${quote(bad)} cannot be part of a context` }),
    hint: 'write USER:ROLE:TYPE:LEVEL, for example `system_u:object_r:container_file_t:s0`',
  });
}

/** The socket's file is named after it. */
function checkSocketName(report: Report, name: string): void {
  if (isFileName(name, 100)) return;
  report.add(['sockets', name], {
    code: 'TH1201',
    message: `${quote(name)} is not a name of a socket`,
    hint: 'use 1 to 100 bytes, without `/`; the file of the socket is named after it',
    at: 'key',
  });
}

function isFileName(name: string, length: number): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && bytes(name) <= length;
}
