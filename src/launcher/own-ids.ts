import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { ThubanError, reasonOf } from '../base/index.ts';

export interface IdRange {
  first: number;
  count: number;
}

/**
 * The ids of a launcher that runs without root: 0 of its user namespace is the user himself. Those from 1 on are subordinate ids (subuid(5)),
 * where he has some; without them there is no other, and nobody may change groups.
 */
export interface OwnIds {
  uid: number;
  gid: number;
  subordinate?: { uids: IdRange; gids: IdRange };
}

const run = promisify(execFile);

/**
 * Writes the maps of a user namespace that `pid` has just made (user_namespaces(7)). More than the own id only newuidmap(1) and
 * newgidmap(1) may map. TH7010 when they refuse.
 */
export async function mapIds(pid: number, { uid, gid, subordinate }: OwnIds): Promise<void> {
  try {
    if (subordinate === undefined) {
      writeFileSync(`/proc/${pid}/setgroups`, 'deny');
      writeFileSync(`/proc/${pid}/uid_map`, `0 ${uid} 1`);
      writeFileSync(`/proc/${pid}/gid_map`, `0 ${gid} 1`);
      return;
    }
    await run('newuidmap', argumentsOf(pid, uid, subordinate.uids));
    await run('newgidmap', argumentsOf(pid, gid, subordinate.gids));
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    const why = said === undefined || said === '' ? reasonOf(error) : said;
    throw new ThubanError('TH7010', `the ids of a user namespace cannot be mapped: ${why}`, {
      hint: 'see what /etc/subuid and /etc/subgid give you, and that newuidmap is set-user-ID; or use sudo',
      cause: error,
    });
  }
}

function argumentsOf(pid: number, own: number, { first, count }: IdRange): string[] {
  return [pid, 0, own, 1, 1, first, count].map(String);
}
