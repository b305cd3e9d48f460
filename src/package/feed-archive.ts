import type { Extract } from 'tar-stream';

/** Writes a source into a reader of tar archives, as fast as that reads; `check` sees each chunk first. Ends early when nobody reads. */
export async function feedArchive(
  source: AsyncIterable<Buffer>,
  archive: Extract,
  check: (chunk: Buffer) => void = () => undefined,
): Promise<void> {
  for await (const chunk of source) {
    if (archive.destroyed) return;
    check(chunk);
    if (!archive.write(chunk)) await drained(archive);
  }
}

/** Room again, or nobody who reads any more. */
async function drained(archive: Extract): Promise<void> {
  if (archive.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      archive.off('drain', done).off('close', done);
      resolve();
    };
    archive.once('drain', done).once('close', done);
  });
}
