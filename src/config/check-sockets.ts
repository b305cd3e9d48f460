import { find, isMap, octal, quote, textAt, type KeyPath, type Report } from '../manifest/index.ts';
import { checkCleanPath, checkText, cleanPath, SOCKET_PATH } from './check-text.ts';
import { permissions, type Permission } from './config.ts';

type Values = Record<string, unknown>;

const LIST: KeyPath = ['console', 'sockets'];
const MOST = 16;

/** console.sockets, which belongs to one part as a whole. */
export function checkSockets(report: Report, sockets: readonly unknown[], console: Values): void {
  if (Array.isArray(console['sockets']) && (sockets.length < 1 || sockets.length > MOST))
    report.add(LIST, {
      code: 'TH1205',
      message: `\`console.sockets\` has ${sockets.length} sockets, allowed 1 to ${MOST}`,
      hint: 'leave the key out for the default socket',
    });
  const first = new Map<string, number>();
  sockets.forEach((socket, i) => {
    if (!isMap(socket)) return;
    const path = [...LIST, i];
    checkPathOf(report, [...path, 'path'], textAt(socket, 'path'), first, i);
    checkMode(report, [...path, 'mode'], socket['mode']);
    checkName(report, [...path, 'owner'], textAt(socket, 'owner'), 'user');
    checkName(report, [...path, 'group'], textAt(socket, 'group'), 'group');
    checkPermissions(report, [...path, 'permissions'], socket['permissions']);
  });
}

function checkPathOf(
  report: Report,
  path: KeyPath,
  value: string | undefined,
  first: Map<string, number>,
  index: number,
): void {
  if (value === undefined || !checkCleanPath(report, path, value)) return;
  const clean = cleanPath(value);
  const length = Buffer.byteLength(clean);
  if (length > SOCKET_PATH)
    report.add(path, {
      code: 'TH1205',
      message: `the path ${quote(value)} is ${length} bytes long, allowed 2 to ${SOCKET_PATH}`,
      hint: 'shorten the path; the kernel takes no longer ones for sockets',
    });
  const before = first.get(clean);
  if (before === undefined) first.set(clean, index);
  else
    report.add(path, {
      code: 'TH1306',
      message: `two sockets have the path ${quote(clean)}`,
      hint: 'choose another path, or remove one socket',
      related: { path: [...LIST, before, 'path'], label: 'first here' },
    });
}

/** A mode in decimal is one that was meant in octal, and octal has one form. */
function checkMode(report: Report, path: KeyPath, mode: unknown): void {
  const node = find(report.root, path)?.node;
  const text = node?.kind === 'scalar' && node.plain ? node.text : '';
  if (!/^[0-9]+$/.test(text) || text === '0') return;
  const digits = text.replace(/^0+/, '');
  const hint = `write \`mode: ${/^[0-7]{3}$/.test(digits) ? `0o${digits}` : '0o660'}\``;
  if (text.startsWith('0'))
    report.add(path, {
      code: 'TH1209',
      message: `\`${text}\` is octal for some programs and decimal for others`,
      hint,
    });
  else if (typeof mode === 'number')
    report.add(path, {
      code: 'TH1201',
      message: `\`${text}\` is decimal; as a file mode it is \`${octal(mode)}\``,
      hint,
    });
}

function checkName(report: Report, path: KeyPath, name: string | undefined, what: string): void {
  if (name === undefined) return;
  const hint = `write a name as in /etc/${what === 'user' ? 'passwd' : 'group'}, or a number`;
  checkText(report, path, name, { what, form: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}\$?$/, hint });
}

function checkPermissions(report: Report, path: KeyPath, value: unknown): void {
  if (typeof value === 'string' && permissions.includes(value as Permission))
    report.add(path, {
      code: 'TH1101',
      message: `\`${value}\` alone is not a list of permissions`,
      hint: `write \`permissions: [${value}]\``,
    });
  if (!Array.isArray(value)) return;
  const first = new Map<unknown, number>();
  value.forEach((word: unknown, i) => {
    const before = first.get(word);
    if (before === undefined) first.set(word, i);
    else
      report.add([...path, i], {
        code: 'TH1006',
        message: `${quote(String(word))} appears twice in permissions`,
        hint: 'remove one of them',
        related: { path: [...path, before], label: 'first here' },
      });
  });
}
