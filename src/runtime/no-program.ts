import { ThubanError } from '../base/index.ts';
import type { Manifest } from '../manifest/index.ts';

/** A container without `init`: there is nothing to start, its files are there for others. */
export function isResource({ init }: Manifest): boolean {
  return init === undefined;
}

/** What whoever wants to start it is told. `mountedBy`: ids of the containers that mount its files, as far as that is known. */
export function noProgram({ name, version }: Manifest, mountedBy?: readonly string[], state?: string): ThubanError {
  const id = `${name}:${version}`;
  return new ThubanError('TH6005', `\`${id}\` has no \`init\`: its files are for others to mount`, {
    hint: hintFor(name, mountedBy),
    details: { id, key: 'name', ...(state === undefined ? {} : { state }) },
  });
}

function hintFor(name: string, mountedBy: readonly string[] | undefined): string {
  const how = `\`type: resource\`, \`name: ${name}\``;
  if (mountedBy === undefined) return `mount them in another container: ${how}`;
  if (mountedBy.length === 0) return `no container mounts them yet (${how})`;
  const users = mountedBy.map((id) => `\`${id}\``).join(', ');
  return `${users} ${mountedBy.length === 1 ? 'mounts' : 'mount'} them (\`type: resource\`)`;
}
