import { formatDuration } from '../../base/index.ts';
import { perform } from '../act/perform.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { expandNames } from '../names.ts';

export interface UninstallFlags {
  repository?: string;
  wipe?: boolean;
}

/** Removes packages; each line comes when container and logs are gone. */
export async function uninstall(names: readonly string[], flags: UninstallFlags, context: Context): Promise<number> {
  const client = clientOf(context);
  const wipe = flags.wipe === true ? { wipe: true } : {};
  const targets = await expandNames(client, names);
  return perform(
    targets,
    {
      verb: 'uninstall',
      past: 'uninstalled',
      noun: 'package',
      run: async (name) => {
        if (flags.repository !== undefined) return client.uninstall(flags.repository, name, wipe);
        const { id, repository } = await client.container(name);
        return client.uninstall(repository, id, wipe);
      },
      already: [],
      line: ({ id, repository }, took) => `uninstalled ${id} from ${repository} in ${formatDuration(took)}`,
      waitsFor: (pending) => `uninstalling ${pending.join(', ')}   (Ctrl-C leaves, the daemon goes on)`,
    },
    context,
  );
}
