import { extract, pack } from 'tar-stream';
import { ThubanError, errnoOf, messageOf, reasonOf } from '../base/index.ts';
import { feedArchive } from './feed-archive.ts';
import { fillOf } from './format.ts';
import { missingOf, type Entry } from './mount-targets.ts';
import { readPieces } from './pieces.ts';

export interface TarRoot {
  /** Folders that are to be added. */
  missing: readonly string[];
  /** Where the last entry ends, contents and fill included. */
  end: number;
}

/** As many entries as are looked at; a root with more is not one for a board. */
const MAX_ENTRIES = 1_000_000;

/** Which folders for mounts a tar archive has not. Its contents are not looked at: that is for mksquashfs. */
export async function missingInTar(fd: number, wanted: readonly string[], name: string): Promise<TarRoot> {
  const found = new Map<string, Entry>();
  const archive = extract();
  let end = 0;
  let entries = 0;
  const feed = async (): Promise<void> => {
    await feedArchive(readPieces(fd), archive);
    if (!archive.destroyed) archive.end();
  };
  const fed = feed().catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  });
  try {
    for await (const entry of archive) {
      const { header } = entry;
      if (++entries > MAX_ENTRIES) throw unusable(name, `it has more than ${MAX_ENTRIES} entries`);
      const names = header.name.split('/').filter((part) => part !== '' && part !== '.');
      // What lies below a folder says that the folder is there, also where the archive does not.
      for (let length = 1; length < names.length; length++) note(found, names.slice(0, length), 'folder');
      if (names.length > 0) note(found, names, kindOf(header.type));
      end = header.byteOffset + header.size + fillOf(header.size);
      entry.resume();
    }
  } catch (error) {
    if (error instanceof ThubanError) throw error;
    throw unusable(name, errnoOf(error) === undefined ? 'it has not the form of one' : reasonOf(error), error);
  } finally {
    await fed;
  }
  const missing = missingOf(wanted, (path) => found.get(path) ?? 'missing');
  return { missing, end };
}

function unusable(name: string, why: string, cause?: unknown): ThubanError {
  const hint = 'name a folder, or a tar archive that is whole and not compressed';
  return new ThubanError('TH5013', `cannot read \`${name}\` as a tar archive: ${why}`, { hint, cause });
}

function note(found: Map<string, Entry>, names: readonly string[], kind: Entry): void {
  const path = `/${names.join('/')}`;
  if (kind !== 'folder' || !found.has(path)) found.set(path, kind);
}

function kindOf(type: string | null): Entry {
  if (type === 'directory') return 'folder';
  return type === 'symlink' ? 'link' : 'file';
}

/** The archive up to its last entry, byte for byte, then the missing folders and the end. */
export async function* tarWithFolders(
  fd: number | undefined,
  { missing, end }: TarRoot,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (fd !== undefined) yield* readPieces(fd, 0, signal, end);
  const added = pack();
  for (const path of missing)
    added.entry(
      { name: `${path.slice(1)}/`, size: 0, type: 'directory', mode: 0o755, mtime: new Date(0) },
      Buffer.alloc(0),
    );
  added.finalize();
  yield* added;
}
