import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { isExact } from '../versions.ts';
import { quote } from '../wording.ts';
import { bytes, mapAt, textAt } from './look.ts';

/** name, version, uid, gid, hostname: who the container is. */
export function checkIdentity(report: Report, input: Record<string, unknown>): void {
  checkName(report, ['name'], textAt(input, 'name'));
  checkVersion(report, textAt(input, 'version'));
  checkUser(report, input);
  const hostname = textAt(input, 'hostname');
  if (hostname !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(hostname))
    report.add(['hostname'], {
      code: 'TH1201',
      message: `${quote(hostname)} is not a host name`,
      hint: 'use 1 to 63 of `a-z 0-9 -`, with `-` neither first nor last',
    });
}

/** A name of a container, its own or that of another one. */
export function checkName(
  report: Report,
  path: KeyPath,
  name: string | undefined,
  at: 'key' | 'value' = 'value',
): void {
  if (name === undefined) return;
  const hint = 'use 1 to 1024 of `0-9 A-Z a-z . _ -`, but not `.` or `..`';
  const bad = /[^0-9A-Za-z._-]/u.exec(name)?.[0];
  const sound = bad === undefined && name !== '' && name !== '.' && name !== '..' && name.length <= 1024;
  if (sound) return;
  const label = bad === undefined ? {} : { label: `${quote(bad)} cannot be part of a name` };
  report.add(path, { code: 'TH1201', message: `${quote(name)} is not a container name`, hint, ...label, at });
}

const VERSION =
  /^(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,15})(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

function checkVersion(report: Report, version: string | undefined): void {
  if (version === undefined || isVersion(version)) return;
  const numbers = (version.slice(0, 64).match(/[0-9]+/g) ?? []).map(Number).filter(Number.isSafeInteger);
  const [major, minor, patch] = numbers;
  const fixed = major === undefined ? '1.0.0' : [major, minor ?? 0, patch ?? 0].join('.');
  report.add(['version'], {
    code: 'TH1206',
    message: `${quote(version)} is not a version`,
    hint: `write three numbers: \`${fixed}\``,
  });
}

function isVersion(text: string): boolean {
  return text.length <= 256 && VERSION.test(text) && plainVersion(text).split('.').every(isExact);
}

/** `1.2.3-rc.1+5` is 1.2.3, as in Northstar. */
export function plainVersion(version: string): string {
  return version.replace(/[-+].*$/s, '');
}

function checkUser(report: Report, input: Record<string, unknown>): void {
  const privileged = mapAt(input, 'process')?.['privileged'] === true;
  const isRootOfBoard = mapAt(input, 'user_namespace') === undefined;
  for (const key of ['uid', 'gid']) {
    const id = input[key];
    if (typeof id !== 'number' || !Number.isInteger(id)) continue;
    if (id === 0 && isRootOfBoard && !privileged)
      report.add([key], {
        code: 'TH1205',
        message: `\`${key}\` is 0, which only a privileged container may have`,
        label: 'root of the host',
        hint: `write \`${key}: 1000\`, or add \`user_namespace: {}\`, in which 0 is nobody of the board, or \`process: {privileged: true}\``,
      });
    else if (id < 0 || id > 65_535)
      report.add([key], {
        code: 'TH1205',
        message: `\`${key}\` is ${id}, allowed 1 to 65535`,
        hint: `write \`${key}: ${id < 0 ? 1000 : 65_535}\``,
      });
  }
}

/**
 * Texts that reach the kernel end at the first NUL byte, so none may hold one. Half of a surrogate pair (`\ud800`) has no bytes in UTF-8: it
 * would arrive as another character.
 */
export function checkNul(report: Report, value: unknown, path: readonly (string | number)[] = []): void {
  if (typeof value === 'string') {
    const fault = faultIn(value);
    if (fault !== undefined)
      report.add(path, {
        code: 'TH1201',
        message: `the text holds ${fault.what}`,
        hint: `remove ${fault.how} from the text`,
      });
  } else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      const fault = faultIn(key);
      if (fault !== undefined)
        report.add(at, {
          code: 'TH1201',
          message: `the key holds ${fault.what}`,
          hint: `remove ${fault.how} from the key`,
          at: 'key',
        });
      checkNul(report, inner, at);
    }
}

function faultIn(text: string): { what: string; how: string } | undefined {
  if (text.includes('\0')) return { what: 'a NUL byte', how: '`\\0`' };
  const half = /\p{Cs}/u.exec(text)?.[0];
  if (half === undefined) return undefined;
  return { what: 'half of a character', how: `\`\\u${half.charCodeAt(0).toString(16)}\`` };
}

/** Length of `init`, which is a path for the kernel. */
export function checkInit(report: Report, init: string | undefined): void {
  if (init === undefined) return;
  const length = bytes(init);
  if (length >= 1 && length <= 4096) return;
  report.add(['init'], {
    code: 'TH1205',
    message: `\`init\` is ${length} bytes long, allowed 1 to 4096`,
    hint: 'write the path of the program, for example `init: /bin/sh`',
  });
}
