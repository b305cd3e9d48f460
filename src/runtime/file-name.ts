import { createHash } from 'node:crypto';

const MAX_BYTES = 200;

/**
 * What belongs to a container is called in a folder: `name@version`, as an id holds no `@`. Whatever else a file name cannot hold or should
 * not begin with is written as `%2F`. The name of a container may be longer than that of a file; it then ends with a hash, behind a `~`, which
 * is in no id either.
 */
export function fileName(id: string): string {
  const name = encodeURIComponent(id).replace('%3A', '@').replace(/^\./, '%2E');
  if (name.length <= MAX_BYTES) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return `${name.slice(0, MAX_BYTES - hash.length - 1)}~${hash}`;
}
