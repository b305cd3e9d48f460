import { fstatSync } from 'node:fs';
import { constants, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ThubanError, count, formatBytes, formatDuration, hasErrno, reasonOf, visible } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { Installed } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { leavable } from '../detach.ts';
import { asThubanError, printError } from '../print-error.ts';
import { print, printJson, talk } from '../talk.ts';
import { samePackage } from './already.ts';
import { Progress } from './progress.ts';

export interface InstallFlags {
  repository?: string;
}

type Outcome = { file: string } & (
  | { done: Installed; took: number }
  /** The same package is there: `id` is of its container. */
  | { already: { id: string; repository: string } }
  | { error: ThubanError }
);

/** Hands packages to the daemon, one after the other, in the order in which they were named. What does not work with one stops no other. */
export async function install(files: readonly string[], flags: InstallFlags, context: Context): Promise<number> {
  const client = clientOf(context);
  const repository = flags.repository ?? (await usualRepository(client));
  const outcomes: Outcome[] = [];
  for (const file of files) {
    const outcome = await attempt(client, repository, file, context);
    outcomes.push(outcome);
    report(outcome, context);
  }
  if (context.json) printJson(outcomes.map(asJson));
  const wrong = outcomes.filter(
    (outcome) => 'error' in outcome || ('done' in outcome && outcome.done.start_error !== undefined),
  );
  if (files.length > 1 && !context.json && !context.quiet)
    talk(
      wrong.length === 0
        ? `installed ${count(files.length, 'package')}`
        : `installed ${files.length - wrong.length} of ${count(files.length, 'package')}; not ${wrong.map((one) => basename(one.file)).join(', ')}`,
    );
  return wrong.length > 0 ? 1 : 0;
}

/** The only one, or the one that is there without a configuration. */
async function usualRepository(client: ConsoleClient): Promise<string> {
  const ids = (await client.repositories()).map(({ id }) => id);
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return only;
  if (ids.includes('default')) return 'default';
  throw new ThubanError('TH6011', `there are several repositories: ${ids.join(', ')}`, {
    hint: `name one: --repository ${only ?? 'ID'}`,
  });
}

async function attempt(client: ConsoleClient, repository: string, file: string, context: Context): Promise<Outcome> {
  const began = performance.now();
  try {
    const done = await leavable(
      send(client, repository, file, context),
      () => `left: ${basename(file)} is not installed, unless all of it had arrived   (thuban ps)`,
    );
    return { file, done, took: performance.now() - began };
  } catch (thrown) {
    const error = named(asThubanError(thrown), file);
    if (error.code === 'TH6001') throw error; // no other file fares better
    const id = await samePackage(client, repository, file, error);
    return id === undefined ? { file, error } : { file, already: { id, repository } };
  }
}

/** What the daemon calls the package while it arrives, because it knows no name of it. */
const NAMELESS = /^package\.tar(?=$|:)/;

/** The same error about the file that was given. */
function named(error: ThubanError, file: string): ThubanError {
  const { code, message, hint, details, position, cause } = error;
  const renamed = <T>(place: T): T =>
    hasFile(place) ? { ...place, file: place.file.replace(NAMELESS, () => file) } : place;
  const errors = details['errors'];
  return new ThubanError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...details, ...(Array.isArray(errors) ? { errors: errors.map(renamed) } : {}) },
    ...(position === undefined ? {} : { position: renamed(position) }),
    cause,
  });
}

function hasFile(value: unknown): value is { file: string } {
  return typeof value === 'object' && value !== null && 'file' in value && typeof value.file === 'string';
}

async function send(client: ConsoleClient, repository: string, file: string, context: Context): Promise<Installed> {
  await using handle = await openFile(file);
  const { size } = fstatSync(handle.fd);
  const isTold = !context.quiet && !context.json;
  using progress = isTold
    ? new Progress(`install ${visible(basename(file))}`, size, context.err, (text) => process.stderr.write(text))
    : undefined;
  const chunks = handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (progress !== undefined) progress.done += chunk.length;
      yield chunk;
    }
  }
  return await client.install(repository, { chunks: counted(), size });
}

/** Without O_NONBLOCK, opening a named pipe would wait for a writer. */
async function openFile(file: string): ReturnType<typeof open> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    throw new ThubanError('TH1008', `cannot read \`${file}\`: ${reasonOf(error)}`, {
      hint: hasErrno(error, 'ENOENT') ? 'thuban pack makes one' : 'check that it may be read',
      cause: error,
    });
  }
  throw new ThubanError('TH1008', `\`${file}\` is not a regular file`, { hint: 'name a package, NAME-VERSION.tar' });
}

function report(outcome: Outcome, context: Context): void {
  if ('error' in outcome) {
    // Of a name and version that are there already the error says all.
    if (!context.json && outcome.error.code !== 'TH5007') talk(`${visible(basename(outcome.file))} is not installed`);
    printError(outcome.error, context);
    return;
  }
  if (context.json) return;
  if ('already' in outcome) {
    const { id, repository } = outcome.already;
    print(context.quiet ? id : `${visible(basename(outcome.file))} is there already, ${id} in ${repository}`);
    return;
  }
  const { done } = outcome;
  print(context.quiet ? done.id : installedLine(done, outcome.took));
  for (const { code, message } of done.warnings) talk(`  warning[${code}]: ${message}`);
  const why = done.start_error?.['message'];
  if (typeof why === 'string') talk(`  it could not be started: ${why}   (thuban inspect ${done.id})`);
}

/** `installed camera:2.1.0 in default, 12 MiB, signed by 0123456789abcdef, started` */
export function installedLine({ id, repository, size, signer, started }: Installed, took: number): string {
  const signed = signer === undefined ? 'no trusted signature' : `signed by ${signer}`;
  const about = [`installed ${id} in ${repository}`, formatBytes(size), signed, started ? 'started' : 'not started'];
  return `${about.join(', ')}   ${formatDuration(took)}`;
}

function asJson(outcome: Outcome): Record<string, unknown> {
  const { file } = outcome;
  if ('error' in outcome) return { package: file, action: 'install', result: 'error', error: outcome.error.toJSON() };
  if ('already' in outcome) return { package: file, action: 'install', result: 'already', ...outcome.already };
  return {
    package: file,
    action: 'install',
    result: 'done',
    duration: Math.round(outcome.took) / 1000,
    ...outcome.done,
  };
}
