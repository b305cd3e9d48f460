import { placesOf } from '../../base/index.ts';
import { loadConfig } from '../../config/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import { diagnose, scanRepository } from '../../runtime/index.ts';
import type { Context } from '../context.ts';
import { printConfigErrors } from '../daemon/config-errors.ts';
import { print, printJson, talk } from '../talk.ts';
import { asChecks, doctorLines, headLines, summaryLines } from './text.ts';

export interface DoctorFlags {
  config?: string;
  repository?: string;
  dataDir?: string;
  cgroupParent?: string;
}

/** Tries on this kernel what manifests may ask for. 1: an installed container lacks something. */
export async function doctor(flags: DoctorFlags, context: Context): Promise<number> {
  const loaded = loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    env: process.env,
    places: placesOf(),
    flags: {
      ...(flags.repository === undefined ? {} : { 'repositories.default.dir': flags.repository }),
      ...(flags.dataDir === undefined ? {} : { data_dir: flags.dataDir }),
    },
  });
  printConfigErrors(loaded, context);
  if (!loaded.ok) return 1;
  const { config } = loaded;
  const diagnosis = await diagnose({
    dataDir: config.data_dir,
    installed: await installedIn(Object.values(config.repositories).map(({ dir }) => dir)),
    ...(flags.cgroupParent === undefined ? {} : { parent: flags.cgroupParent }),
  });
  const isConcerned = diagnosis.checks.some(({ status, affects }) => status === 'problem' && affects.length > 0);
  if (context.json) printJson(asChecks(diagnosis));
  else if (!context.quiet) {
    for (const line of headLines(diagnosis, context.err)) talk(line);
    print(doctorLines(diagnosis.checks, context.out, { wide: context.wide }));
    for (const line of summaryLines(diagnosis.checks, context.err)) talk(line);
  }
  return isConcerned ? 1 : 0;
}

/** What the next daemon would have, whether one runs or not. A folder that is not there has nothing. */
async function installedIn(dirs: readonly string[]): Promise<LoadedManifest[]> {
  const all = await Promise.all(dirs.map((dir) => scanRepository(dir)));
  return all.flatMap(({ manifests }) => manifests);
}
