import type { Manifest } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';
import { noProgram } from './no-program.ts';
import type { ProgramOverrides } from './plan-program.ts';

/** In another `init`: the one of the manifest, as in Northstar's start_command. */
const OWN = '<INIT>';

/** What is executed. Thrown is that there is nothing. */
export function programOf(manifest: Manifest, { init }: ProgramOverrides): string {
  if (init === undefined) {
    if (manifest.init === undefined) throw noProgram(manifest);
    return manifest.init;
  }
  if (!init.includes(OWN)) return init;
  const { init: own } = manifest;
  if (own === undefined) throw noProgram(manifest);
  return init.replaceAll(OWN, () => own);
}

/** A manifest is checked when it is read; variables of a start are not in it. */
export function checkVariables({ env = {} }: ProgramOverrides, draft: LaunchDraft): void {
  for (const name of Object.keys(env)) {
    if (!/^(NORTHSTAR|THUBAN)_/.test(name)) continue;
    const hint = 'leave it out; names that begin with `THUBAN_` or `NORTHSTAR_` are reserved';
    draft.problem('TH1210', `\`${name}\` is set by the runtime`, hint, 'env');
  }
}
