import type { Diagnostic } from '../../base/index.ts';
import type { LoadedManifest } from '../manifest.ts';
import { findingAt, placeIn } from './finding.ts';
import { idOf } from './members.ts';

/** The finding about the second of two files that define the same container. */
export function duplicateContainer(loaded: LoadedManifest, other: LoadedManifest): Diagnostic {
  const first = other.position(['name']);
  return findingAt(loaded, ['name'], 'value', {
    code: 'TH1401',
    message: `\`${idOf(loaded)}\` is also defined in ${first.file}:${first.line}`,
    hint: 'change a version or remove one',
    elsewhere: [placeIn(other, ['name'], 'value', 'first here')],
  });
}
