import { ThubanError } from '../base/index.ts';
import type { Identity } from '../runtime/index.ts';
import type { Permission } from './generated/operations.d.ts';

/** Who asks, and what for it may: both are the socket's, so that no client can claim anything. */
export interface Caller {
  /** The container whose console it is. Absent: a socket of the daemon. */
  container?: string;
  permissions: ReadonlySet<string> | 'full';
  /** Where a permission that is missing could be given. */
  place: string;
}

function may({ permissions }: Caller, permission: Permission): boolean {
  return permissions === 'full' || permissions.has(permission);
}

/** TH6002 unless it has one of them. */
export function demand(caller: Caller, ...anyOf: [Permission, ...Permission[]]): void {
  if (anyOf.some((permission) => may(caller, permission))) return;
  const [permission] = anyOf;
  throw new ThubanError('TH6002', `this connection lacks the permission \`${permission}\``, {
    hint: `add it to ${caller.place}`,
    details: { permission },
  });
}

export function identityOf({ container, permissions }: Caller): Identity {
  const may = permissions === 'full' ? permissions : [...permissions].toSorted();
  if (container === undefined) return { permissions: may };
  const [name = container, version = ''] = container.replace(/#\d+$/, '').split(':');
  return { id: container, name, version, permissions: may };
}
