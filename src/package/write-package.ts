import { writeSync } from 'node:fs';
import { pack, type Pack } from 'tar-stream';
import { IMAGE, MANIFEST, BLOCK, fillOf, paddingAt, type MemberName } from './format.ts';

export interface Parts {
  checksums: Buffer;
  signature?: Buffer;
  manifest: Buffer;
  image?: { size: number; contents: AsyncIterable<Buffer> };
}

/** Writes the members in their order, and the end, to an open file. */
export async function writePackage(fd: number, parts: Parts): Promise<void> {
  const archive = pack();
  let failure: { cause: unknown } | undefined;
  const note = (cause: unknown): void => {
    failure ??= { cause };
    archive.destroy();
  };
  const drain = async (): Promise<void> => {
    for await (const chunk of archive) {
      try {
        writeAll(fd, chunk);
      } catch (error) {
        note(error); // before the archive is cut, and tells its own end as an error
        return;
      }
    }
  };
  await Promise.all([fill(archive, parts).catch(note), drain().catch(note)]);
  if (failure !== undefined) throw failure.cause;
}

function writeAll(fd: number, data: Uint8Array): void {
  for (let done = 0; done < data.length;) done += writeSync(fd, data, done, data.length - done);
}

async function fill(archive: Pack, { checksums, signature, manifest, image }: Parts): Promise<void> {
  let offset = 0;
  const small = (name: MemberName, contents: Buffer): void => {
    archive.entry(header(name, contents.length), contents);
    offset += BLOCK + contents.length + fillOf(contents.length);
  };
  small('checksums', checksums);
  if (signature !== undefined) small('signature', signature);
  small(MANIFEST, manifest);
  if (image !== undefined) {
    const padding = paddingAt(offset);
    if (padding !== undefined) small('padding', Buffer.alloc(padding));
    await new Promise<void>((resolve, reject) => {
      const sink = archive.entry(header(IMAGE, image.size), (error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
      const copy = async (): Promise<void> => {
        for await (const piece of image.contents)
          if (!sink.write(piece)) await new Promise<void>((drained) => sink.once('drain', drained));
        sink.end();
      };
      copy().catch(reject);
    });
  }
  archive.finalize();
}

/** Nothing of who packs, where and when. */
function header(name: MemberName, size: number): Parameters<Pack['entry']>[0] {
  return { name, size, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) };
}
