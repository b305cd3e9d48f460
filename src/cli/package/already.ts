import { ThubanError } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import { openPackage } from '../../package/index.ts';

/**
 * The container that is there already in this repository, made of the very package that was to be installed. The digest covers every byte of
 * both, so a script that installs twice has what it wanted. Undefined when it is another one, or nobody says what it is.
 */
export async function samePackage(
  client: ConsoleClient,
  repository: string,
  file: string,
  { code, details }: ThubanError,
): Promise<string | undefined> {
  const { id } = details;
  if (code !== 'TH5007' || typeof id !== 'string' || details['repository'] !== repository) return undefined;
  const ours = await openPackage(file, { keys: [], requireSignature: false, asGiven: true });
  if (!ours.ok) return undefined;
  try {
    return (await client.container(id)).digest === ours.contents.digest ? id : undefined;
  } catch (error) {
    if (error instanceof ThubanError) return undefined; // gone meanwhile, or not for this connection to know
    throw error;
  }
}
