import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this build. The bundle has it compiled in; run from the sources it is read from package.json. */
export const version: string = process.env['THUBAN_BUILD_VERSION'] ?? readPackageVersion();

/**
 * When what runs was written, in milliseconds since 1970: no clock that is set is earlier. The bundle has it compiled in; run from the sources
 * it is the age of package.json.
 */
export function builtAt(): number {
  const built = process.env['THUBAN_BUILD_DATE'];
  return built === undefined ? statSync(join(import.meta.dirname, '../../package.json')).mtimeMs : Number(built) * 1000;
}

function readPackageVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
