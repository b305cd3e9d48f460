import { extract, type Extract } from 'tar-stream';
import { messageOf } from '../base/index.ts';
import { feedArchive } from './feed-archive.ts';
import type { MemberName } from './format.ts';
import { Gate } from './gate.ts';
import { refusal } from './refusal.ts';

/** One member of a package while it passes by: its contents are to be read before the next one is asked for. */
export interface Member {
  name: MemberName;
  size: number;
  /** Of the contents in the package. */
  offset: number;
  contents: AsyncIterable<Buffer>;
}

/**
 * Walks over the members of a package that comes in chunks. Whoever stops early stops the source too; the package is whole, and has its
 * right end, only when the walk has come to its own.
 *
 * @throws ThubanError TH5003, TH5004, TH5005, TH5011 of the gate, and what the source throws.
 */
export async function* walk(source: AsyncIterable<Buffer>): AsyncGenerator<Member> {
  const archive = extract();
  let failure: { cause: unknown } | undefined;
  const fed = feed(source, archive).catch((cause: unknown) => {
    failure = { cause };
    archive.destroy(cause instanceof Error ? cause : new Error(messageOf(cause)));
  });
  // What went wrong in the source is told as it is; the archive's own words are those of a stream that was cut.
  const told = (error: unknown): unknown => (failure === undefined ? error : failure.cause);
  async function* contentsOf(entry: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* entry;
    } catch (error) {
      throw told(error);
    }
  }
  try {
    for await (const entry of archive) {
      const { name, size, byteOffset } = entry.header;
      // The gate lets nothing but members through.
      yield { name: name as MemberName, size, offset: byteOffset, contents: contentsOf(entry) };
      entry.resume();
    }
  } catch (error) {
    throw told(error);
  }
  await fed;
  if (failure !== undefined) throw failure.cause;
}

async function feed(source: AsyncIterable<Buffer>, archive: Extract): Promise<void> {
  const gate = new Gate();
  await feedArchive(source, archive, (chunk) => {
    gate.check(chunk);
  });
  if (archive.destroyed) return;
  gate.end();
  archive.end();
}

/** The contents of a small member. */
export async function collect({ name, size, contents }: Member): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of contents) parts.push(part);
  const whole = Buffer.concat(parts);
  if (whole.length !== size) throw refusal('TH5005', `the package ends too early: inside of \`${name}\``);
  return whole;
}
