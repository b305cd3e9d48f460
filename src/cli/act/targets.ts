import { ThubanError } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { ContainerSummary } from '../../runtime/index.ts';
import { expandNames, isRejected } from '../names.ts';

export interface TargetFlags {
  all?: boolean;
}

export interface Targets {
  names: string[];
  /** With `--all`: what the list says of them. */
  containers?: ContainerSummary[];
}

/** Which containers an action is about. Nothing is done to all of them unless `--all` says so. */
export async function targetsOf(
  client: ConsoleClient,
  {
    verb,
    names,
    flags,
    concerns,
  }: {
    verb: string;
    names: readonly string[];
    flags: TargetFlags;
    /** Which of all containers `--all` means. */
    concerns: (container: ContainerSummary) => boolean;
  },
): Promise<Targets> {
  const all = flags.all === true;
  if (all && names.length > 0)
    throw new ThubanError('TH6011', '`--all` and names exclude each other', { hint: `thuban ${verb} --all` });
  if (!all && names.length === 0)
    throw new ThubanError('TH6011', `\`${verb}\` needs the name of a container`, {
      hint: `thuban ${verb} NAME   (thuban ps lists them; --all means every one)`,
    });
  // A pattern means what has a program, as `--all` does; who names a container hears why it cannot be started.
  const begins = verb === 'start' || verb === 'restart';
  const isMeant = (container: ContainerSummary): boolean =>
    !isRejected(container) && !(begins && container.resource === true);
  if (!all) return { names: await expandNames(client, names, isMeant) };
  const containers = (await client.containers()).filter((container) => !isRejected(container) && concerns(container));
  return { names: containers.map(({ id }) => id), containers };
}
