import { userNamespaceDefaults } from '../defaults.ts';
import type { Report } from '../report.ts';
import { quote } from '../wording.ts';
import { bytes, listAt, mapAt, textAt } from './look.ts';
import { checkPath } from './paths.ts';

/** process.working_dir, paths, user_namespace, apparmor: what the program is kept in. */
export function checkConfinement(report: Report, input: Record<string, unknown>): void {
  const folder = textAt(mapAt(input, 'process'), 'working_dir');
  if (folder !== undefined) checkPath(report, ['process', 'working_dir'], folder, 'value');
  for (const key of ['masked', 'read_only'])
    listAt(mapAt(input, 'paths'), key).forEach((path, i) => {
      if (typeof path === 'string') checkPath(report, ['paths', key, i], path, 'value');
    });
  checkUserNamespace(report, input);
  checkProfile(report, textAt(mapAt(input, 'apparmor'), 'profile'));
}

/** The largest id; 2^32 - 1 means "no id" to the kernel. */
const LAST_ID = 2 ** 32 - 2;

function checkUserNamespace(report: Report, input: Record<string, unknown>): void {
  const section = mapAt(input, 'user_namespace');
  if (section === undefined) return;
  const size = whole(section['size'] ?? userNamespaceDefaults.size);
  if (size === undefined || size < 1) return;
  for (const key of ['host_uid', 'host_gid'] as const) {
    const first = whole(section[key] ?? userNamespaceDefaults[key]);
    if (first === undefined || first < 1 || first + size - 1 <= LAST_ID) continue;
    const isWritten = section[key] !== undefined;
    report.add(['user_namespace', isWritten ? key : 'size'], {
      code: 'TH1205',
      message: `\`user_namespace\` ends at ${key} ${first + size - 1}, allowed up to ${LAST_ID}`,
      hint: isWritten ? `lower \`${key}\` or \`size\`` : 'lower `size`',
    });
  }
  for (const key of ['uid', 'gid']) {
    const id = whole(input[key]);
    if (id === undefined || id < size) continue;
    report.add([key], {
      code: 'TH1205',
      message: `\`${key}\` is ${id}, which \`user_namespace\` does not have: it ends at ${size - 1}`,
      hint: `write \`${key}: ${Math.min(1000, size - 1)}\`, or raise \`user_namespace.size\``,
      related: { path: ['user_namespace'], at: 'key', label: `${size} ids` },
    });
  }
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** A page of memory is what the kernel takes at /proc/self/attr/apparmor/exec, and blanks end the name there. */
function checkProfile(report: Report, profile: string | undefined): void {
  if (profile === undefined) return;
  if (profile !== '' && bytes(profile) <= 1024 && !/[\p{White_Space}\p{Cc}]/u.test(profile)) return;
  report.add(['apparmor', 'profile'], {
    code: 'TH1201',
    message: `${quote(profile)} is not a name of an AppArmor profile`,
    hint: 'write a name that `aa-status` shows: 1 to 1024 bytes, without blanks',
  });
}
