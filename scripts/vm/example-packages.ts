import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { command, needPrograms } from './command.ts';

/**
 * Packages of the examples, made here as somebody would who delivers to boards, for guest/release.sh: `greeter` signed with the key `acme`
 * and once with the key `other`, `texts` not signed. `thuban` is the bundle, `folder` gets a folder `packages` with them and the public keys.
 */
export async function packExamples(thuban: string, examples: string, folder: string): Promise<void> {
  needPrograms({ mksquashfs: 'squashfs-tools' });
  const packages = join(folder, 'packages');
  mkdirSync(packages);
  const call = (...args: string[]): Promise<string> => command(process.execPath, [thuban, ...args]);
  const pack = (name: string, file: string, ...flags: string[]): Promise<string> => {
    const from = join(examples, name);
    return call(
      'pack',
      join(from, 'manifest.yaml'),
      '--root',
      join(from, 'root'),
      '-o',
      join(packages, file),
      ...flags,
    );
  };
  for (const key of ['acme', 'other']) await call('key', 'generate', key, '-o', packages);
  await pack('greeter', 'greeter-1.0.0.tar', '--key', join(packages, 'acme.key'));
  await pack('greeter', 'greeter-of-other.tar', '--key', join(packages, 'other.key'));
  await pack('texts', 'texts-1.0.0.tar');
}
