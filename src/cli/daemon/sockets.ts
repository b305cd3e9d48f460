import type { Config } from '../../config/index.ts';
import type { ConsoleSocket } from '../../console/index.ts';
import type { DaemonLog } from '../../runtime/index.ts';
import { accountNumber, hasGroup } from './accounts.ts';

/** Whom the default socket is for, beside root. */
const DEFAULT_GROUP = 'thuban';

/**
 * The sockets with numbers for their users and groups. A host without the group of the default socket serves it to root alone, and says so;
 * a name that somebody chose has to exist.
 */
export function resolveSockets(
  sockets: Config['console']['sockets'],
  isDefault: boolean,
  log: DaemonLog,
): ConsoleSocket[] {
  return sockets.map(({ path, mode, owner, group, permissions }) => {
    const isMissing = isDefault && group === DEFAULT_GROUP && !hasGroup(group);
    if (isMissing)
      log('info', `there is no group \`${group}\` on this host, so only root may use the console`, { socket: path });
    const gid = isMissing ? 0 : accountNumber('group', group);
    return { path, mode: isMissing ? mode & 0o700 : mode, uid: accountNumber('user', owner), gid, permissions };
  });
}
