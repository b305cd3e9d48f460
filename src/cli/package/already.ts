import { ThubanError } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import { openPackage } from '../../package/index.ts';

/**
 * The container that is there already in this repository, with the manifest and the image of the package that was to be installed, which is
 * what the digest covers: a script that installs twice has what it wanted. Another signature of the same does not make it another one.
 * Undefined when it is another one, or nobody says what it is.
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
