import type { Diagnostic } from '../../base/index.ts';
import type { LoadedManifest } from '../manifest.ts';
import { findingAt, placeIn } from './finding.ts';
import type { Members } from './members.ts';

/** One container waits for another. */
interface Arrow {
  from: LoadedManifest;
  to: LoadedManifest;
}

/** A finding, and the container at which it stands. */
interface Told {
  at: LoadedManifest;
  diagnostic: Diagnostic;
}

/** More than a person follows. */
const MAX_SHOWN = 8;
const MAX_CYCLES = 100;

/**
 * Containers that wait for each other in a circle. Depth first from each, in the order of the files: an arrow to one that is on the way from the
 * beginning closes a circle. Without these arrows there is none, so whoever breaks all circles that are told is done. Without recursion:
 * a chain may be as long as there are files.
 */
export function findCycles(loaded: readonly LoadedManifest[], all: Members): Told[] {
  const cycles: Arrow[][] = [];
  const done = new Set<LoadedManifest>();
  for (const root of loaded) {
    if (done.has(root)) continue;
    const way: { at: LoadedManifest; arrows: Iterator<Arrow> }[] = [{ at: root, arrows: arrowsOf(root, all) }];
    const depths = new Map([[root, 0]]);
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const next = last.arrows.next();
      if (next.done === true) {
        done.add(last.at);
        depths.delete(last.at);
        way.pop();
        continue;
      }
      const { to } = next.value;
      const depth = depths.get(to);
      if (depth !== undefined) {
        cycles.push(way.slice(depth).map(({ at }, i, circle) => ({ from: at, to: circle[i + 1]?.at ?? to })));
        if (cycles.length === MAX_CYCLES) return andMore(cycles.map(tell));
      } else if (!done.has(to)) {
        depths.set(to, way.length);
        way.push({ at: to, arrows: arrowsOf(to, all) });
      }
    }
  }
  return cycles.map(tell);
}

/** The search has ended early. */
function andMore(told: Told[]): Told[] {
  const last = told.at(-1);
  if (last !== undefined)
    last.diagnostic.hint = `${last.diagnostic.hint ?? ''}; after ${MAX_CYCLES} circles no more were looked for`;
  return told;
}

function* arrowsOf(from: LoadedManifest, all: Members): Generator<Arrow, undefined> {
  for (const [name, { version }] of Object.entries(from.manifest.depends_on ?? {})) {
    const to = all.newest(name, version);
    if (to !== undefined) yield { from, to };
  }
}

function tell(cycle: readonly Arrow[]): Told {
  const [first, ...others] = cycle as [Arrow, ...Arrow[]];
  const names = cycle.map(({ from }) => from.manifest.name);
  const more = names.length - MAX_SHOWN;
  const shown = more > 0 ? [...names.slice(0, MAX_SHOWN), `… ${more} more …`] : names;
  const name = first.to.manifest.name;
  const diagnostic = findingAt(first.from, ['depends_on', name], 'key', {
    code: 'TH1405',
    message: `\`${[...shown, names[0]].join(' → ')}\` ${others.length === 0 ? 'waits for itself' : 'wait for each other'}`,
    hint: others.length === 0 ? 'remove the dependency' : 'remove one of these dependencies',
    ...(others.length === 0 ? {} : { label: labelOf(first) }),
    elsewhere: others
      .slice(0, MAX_SHOWN)
      .map((arrow) => placeIn(arrow.from, ['depends_on', arrow.to.manifest.name], 'key', labelOf(arrow))),
  });
  return { at: first.from, diagnostic };
}

function labelOf({ from, to }: Arrow): string {
  return `\`${from.manifest.name}\` waits for \`${to.manifest.name}\``;
}
