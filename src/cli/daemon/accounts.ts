import { readFileSync } from 'node:fs';
import { ThubanError, reasonOf, suggest } from '../../base/index.ts';

/** The number of a user or group, given by name or number. passwd(5), group(5): name:password:number:… */
export function accountNumber(kind: 'user' | 'group', name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const known = accounts(kind);
  const found = known.get(name);
  if (found !== undefined) return found;
  const meant = suggest(name, known.keys());
  throw new ThubanError('TH7003', `there is no ${kind} \`${name}\` on this host`, {
    hint: meant === undefined ? `${kind}add ${name}` : `did you mean \`${meant}\`?`,
    details: { [kind]: name },
  });
}

export function hasGroup(name: string): boolean {
  return accounts('group').has(name);
}

function accounts(kind: 'user' | 'group'): Map<string, number> {
  const file = kind === 'user' ? '/etc/passwd' : '/etc/group';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ThubanError('TH7003', `cannot look up a ${kind}: ${reasonOf(error)}`, { cause: error });
  }
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name, , number] = line.split(':');
    if (name !== undefined && number !== undefined && /^\d+$/.test(number)) found.set(name, Number(number));
  }
  return found;
}
