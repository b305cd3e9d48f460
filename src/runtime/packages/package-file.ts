import type { Manifest } from '../../manifest/index.ts';
import { fileName } from '../file-name.ts';
import { PACKAGE } from '../repository/index.ts';

/** What the file of an installed package is called: `camera-2.1.0.tar`. A version holds no `-`, so no two packages share a name. */
export function packageFile({ name, version }: Manifest): string {
  return `${fileName(name)}-${version}${PACKAGE}`;
}
