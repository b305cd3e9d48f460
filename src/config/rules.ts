import { checkTimeZone, isMap, listAt, mapAt, quote, textAt, type KeyPath, type Report } from '../manifest/index.ts';
import { checkSockets } from './check-sockets.ts';
import { checkKeys } from './check-keys.ts';
import { checkCleanPath, checkText, SOCKET_PATH } from './check-text.ts';

type Values = Record<string, unknown>;

/** The longest name of a socket that the daemon makes in its run directory. */
const OWN_SOCKET = '/launcher/launcher.sock';

/** Rules about single values that a schema cannot say. They look at every value that is sound, beside broken ones. */
export function checkValues(report: Report, input: Values): void {
  checkRunDir(report, textAt(input, 'run_dir'));
  const dataDir = textAt(input, 'data_dir');
  if (dataDir !== undefined) checkCleanPath(report, ['data_dir'], dataDir);
  const zone = textAt(mapAt(input, 'schedule'), 'time_zone');
  if (zone !== undefined) checkTimeZone(report, ['schedule', 'time_zone'], zone);
  checkRepositories(report, mapAt(input, 'repositories') ?? {});
  checkCgroups(report, mapAt(input, 'cgroups'));
  checkSockets(report, listAt(mapAt(input, 'console'), 'sockets'), mapAt(input, 'console') ?? {});
}

function checkRunDir(report: Report, value: string | undefined): void {
  if (value === undefined || !checkCleanPath(report, ['run_dir'], value)) return;
  const room = SOCKET_PATH - OWN_SOCKET.length;
  const length = Buffer.byteLength(value);
  if (length > room)
    report.add(['run_dir'], {
      code: 'TH1205',
      message: `\`run_dir\` is ${length} bytes long, allowed 2 to ${room}`,
      label: 'paths of sockets are limited by the kernel',
      hint: 'choose a shorter path, for example `/run/thuban`',
    });
}

function checkRepositories(report: Report, repositories: Values): void {
  for (const [name, repository] of Object.entries(repositories)) {
    const path: KeyPath = ['repositories', name];
    checkText(report, path, name, {
      what: 'name of a repository',
      form: /^(?=.{1,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
      hint: 'write lower-case letters, digits and single hyphens, at most 63',
      at: 'key',
    });
    if (!isMap(repository)) continue;
    const dir = textAt(repository, 'dir');
    if (dir !== undefined) checkCleanPath(report, [...path, 'dir'], dir);
    checkKeys(report, [...path, 'keys'], listAt(repository, 'keys'));
  }
}

/** Names that stand in every group on v1 or v2 without a dot, and the one of the daemon's own group. */
const TAKEN = ['tasks', 'notify_on_release', 'release_agent', 'thuban-supervisor'];

function checkCgroups(report: Report, cgroups: Values | undefined): void {
  const parent = textAt(cgroups, 'parent');
  if (parent !== undefined && parent !== 'self')
    if (!parent.startsWith('/'))
      report.add(['cgroups', 'parent'], {
        code: 'TH1211',
        message: `${quote(parent)} is neither \`self\` nor an absolute path`,
        hint: 'write `self`, or the path of a group from the top of its mount, for example `/machine`',
      });
    else checkCleanPath(report, ['cgroups', 'parent'], parent, { root: true });
  const name = textAt(cgroups, 'name');
  if (name === undefined) return;
  const rule = {
    what: 'name of a group',
    form: /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/,
    hint: 'write for example `thuban`',
  };
  if (checkText(report, ['cgroups', 'name'], name, rule) && TAKEN.includes(name))
    report.add(['cgroups', 'name'], {
      code: 'TH1201',
      message: `${quote(name)} is taken: the kernel or Thuban uses this name in the same place`,
      hint: 'write for example `thuban`',
    });
}
