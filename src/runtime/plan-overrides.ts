import type { Manifest } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';
import { noProgram } from './no-program.ts';
import type { ProgramOverrides } from './plan-program.ts';

/** In another `init`: the one of the manifest, as in Northstar's start_command. */
const OWN = '<INIT>';

/** Whether there is nothing to execute: of files for others to mount, started without an `init` or with one that asks for theirs. */
export function lacksProgram({ init: own }: Manifest, { init }: ProgramOverrides): boolean {
  return own === undefined && (init === undefined || init.includes(OWN));
}

/** What is executed. Thrown is that there is nothing. */
export function programOf(manifest: Manifest, overrides: ProgramOverrides): string {
  if (lacksProgram(manifest, overrides)) throw noProgram(manifest);
  const { init: own = '' } = manifest;
  return overrides.init?.replaceAll(OWN, () => own) ?? own;
}

/** A manifest is checked when it is read; variables of a start are not in it. */
export function checkVariables({ env = {} }: ProgramOverrides, draft: LaunchDraft): void {
  for (const name of Object.keys(env)) {
    if (!/^(NORTHSTAR|THUBAN)_/.test(name)) continue;
    const hint = 'leave it out; names that begin with `THUBAN_` or `NORTHSTAR_` are reserved';
    draft.problem('TH1210', `\`${name}\` is set by the runtime`, hint, 'env');
  }
}
