import type { Diagnostic } from '../../base/index.ts';
import { inOrder } from '../findings.ts';
import type { LoadedManifest } from '../manifest.ts';
import { Absent, type AcrossOptions } from './absent.ts';
import { findCycles } from './cycles.ts';
import { checkDependencies } from './dependencies.ts';
import { duplicateContainer } from './duplicates.ts';
import { idOf, isLoaded, Members, type Member } from './members.ts';
import { checkRanges } from './ranges.ts';
import { checkResources } from './resources.ts';

/** Checks the rules that hold between the files of a repository. The findings stand in the order of the files, each at the one to be changed. */
export function checkAcross(members: readonly Member[], { absent }: AcrossOptions): Diagnostic[][] {
  const found = new Map<Member, Diagnostic[]>();
  const add = (member: Member, ...diagnostics: Diagnostic[]): void => {
    found.set(member, [...(found.get(member) ?? []), ...diagnostics]);
  };
  const first = new Map<string, LoadedManifest>();
  for (const member of members.filter(isLoaded)) {
    const other = first.get(idOf(member));
    if (other === undefined) first.set(idOf(member), member);
    // Whatever else is wrong with it is wrong with the first one as well, or goes when one of them does.
    else add(member, duplicateContainer(member, other));
  }
  const loaded = [...first.values()];
  const all = new Members(
    loaded,
    members.filter((member) => !isLoaded(member)),
  );
  const missing = new Absent(all, absent);
  for (const member of loaded)
    add(member, ...checkResources(member, all, missing), ...checkDependencies(member, all, missing));
  for (const { at, diagnostic } of [...findCycles(loaded, all), ...checkRanges(loaded)]) add(at, diagnostic);
  return members.map((member) => inOrder(found.get(member) ?? []));
}
