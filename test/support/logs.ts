import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LogQuery, LogRecord } from '../../src/runtime/index.ts';
import type { LogLimits, LogStore } from '../../src/runtime/log-store.ts';

export const logLimits: LogLimits = { size: 262_144, files: 3, max_line: 16_384, rate: 1e9, total_size: 1 << 26 };

export async function readAll(store: LogStore, query: LogQuery = {}): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const batch of store.read(query, new AbortController().signal)) all.push(...batch);
  return all;
}

/** `stdout a`, `stderr| b`: with a bar where the line goes on. */
export async function linesOf(store: LogStore, query: LogQuery = {}): Promise<string[]> {
  return (await readAll(store, query)).map(
    ({ stream, line, partial }) => `${stream}${partial === true ? '|' : ''} ${line}`,
  );
}

/** Bytes of all files of a folder's log, and the size of the largest. */
export function sizes(folder: string): { total: number; largest: number; files: number } {
  const all = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  return { total: all.reduce((a, b) => a + b, 0), largest: Math.max(0, ...all), files: all.length };
}
