import { systemPlaces, type Places, type TrustOptions } from '../base/index.ts';
import type { ConfigResult } from './config.ts';
import { checkKeyFiles, type KeyCheck } from './check-key-files.ts';
import { readEnvironment } from './environment.ts';
import { readFlags, type ConfigFlags } from './flags.ts';
import { judge } from './judge.ts';
import { readFiles } from './read-files.ts';

export interface LoadOptions {
  /** Must exist when it is named; the default may be absent. */
  file?: string;
  env: Readonly<NodeJS.ProcessEnv>;
  flags: ConfigFlags;
  /** What holds where nothing is set; without it that of the board. */
  places?: Places;
  /** Replaces the path of the default file (tests). */
  defaultFile?: string;
  trust?: TrustOptions;
}

/** Reads flags, environment, drop-ins and file, the first of them strongest. Never throws on what it reads: every fault is a diagnostic. */
export function loadConfig(options: LoadOptions): ConfigResult {
  const { places = systemPlaces } = options;
  const files = readFiles(options.file ?? options.defaultFile ?? places.configFile, {
    optional: options.file === undefined,
    untrusted: 'refuse',
    trust: options.trust ?? {},
  });
  const environment = readEnvironment(options.env);
  const flags = readFlags(options.flags);
  const texts = new Map([...files.texts, ...environment.texts]);
  for (const { report } of flags) texts.set(report.source.file, report.source.text);
  const parts = [...files.parts, ...environment.parts, ...flags];
  return judge(parts, [...files.diagnostics, ...environment.diagnostics], texts, places);
}

/**
 * Reads a file and the drop-ins beside it as the daemon would, but without flags and environment: what `thuban validate --config` says.
 * That others could have written it is a warning here, because the file of a checkout is not yet the one of a board, and so is what
 * `checkKey` says of the files of keys.
 */
export function validateConfigFile(file: string, checkKey: KeyCheck): ConfigResult & { files: readonly string[] } {
  const read = readFiles(file, { optional: false, untrusted: 'warn', trust: {} });
  checkKeyFiles(read.parts, checkKey);
  return { ...judge(read.parts, read.diagnostics, read.texts), files: read.files };
}
