import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this build. The bundle has it compiled in; run from the sources it is read from package.json. */
export const version: string = process.env['THUBAN_BUILD_VERSION'] ?? readPackageVersion();

function readPackageVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
