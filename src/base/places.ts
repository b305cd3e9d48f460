import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a daemon and whoever speaks to it look when nobody says otherwise. */
export interface Places {
  runDir: string;
  dataDir: string;
  configFile: string;
  /** Whose they are, if not root's. */
  owner?: { uid: number; gid: number };
}

export const systemPlaces: Places = {
  runDir: '/run/thuban',
  dataDir: '/var/lib/thuban',
  configFile: '/etc/thuban/thuban.yaml',
};

/** Those of the board for root; for others their own (XDG Base Directory Specification, file-hierarchy(7)). */
export function placesOf(env: Readonly<NodeJS.ProcessEnv> = process.env, uid = process.geteuid?.() ?? 0): Places {
  if (uid === 0) return systemPlaces;
  const folder = (name: string, otherwise: string): string => {
    const set = env[name];
    // The specification: a path that is not absolute is to be ignored.
    return join(set?.startsWith('/') === true ? set : otherwise, 'thuban');
  };
  const home = homeOf(env);
  return {
    runDir: folder('XDG_RUNTIME_DIR', `/run/user/${uid}`),
    dataDir: folder('XDG_DATA_HOME', join(home, '.local/share')),
    configFile: join(folder('XDG_CONFIG_HOME', join(home, '.config')), 'thuban.yaml'),
    owner: { uid, gid: process.getegid?.() ?? uid },
  };
}

/** Without a variable and without an entry in /etc/passwd there is none; then nothing can be made there, which tells. */
function homeOf(env: Readonly<NodeJS.ProcessEnv>): string {
  if (env['HOME']?.startsWith('/') === true) return env['HOME'];
  try {
    return homedir();
  } catch {
    return '/';
  }
}
