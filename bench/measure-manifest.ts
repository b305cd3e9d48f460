import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { ThubanError, type Cleanup } from '../src/base/index.ts';
import { loadManifest, renderDiagnostics } from '../src/manifest/index.ts';
import type { Options } from './options.ts';
import { takeTurns, type WayRow } from './take-turns.ts';

export interface ManifestResults {
  one: WayRow[];
  folder: WayRow[];
  /** How many manifests the folder holds, and how many lines each has. */
  manifests: number;
  lines: number;
}

const FOLDER_SIZE = 1000;

/** How long reading takes: one manifest in a process that has read some before, and a folder in a process of its own. */
export async function measureManifests(
  options: Options,
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<ManifestResults> {
  const text = readFileSync(join(import.meta.dirname, 'camera.yaml'), 'utf8');
  const faulty = text
    .replace('memory_hard_limit', 'memroy_hard_limit')
    .replace('64 MiB', '64 Megs')
    .replace('uid:', 'udi:');
  const folder = makeFolder(text, cleanup);
  const one = [
    {
      name: 'floor: YAML library',
      run: () => {
        parseYaml(text, { customTags: [argsTag] });
        return undefined;
      },
    },
    {
      name: 'read, check, normalise',
      run: () => {
        mustBe(true, text);
        return undefined;
      },
    },
    {
      name: 'with 3 faults and frames',
      run: () => {
        mustBe(false, faulty);
        return undefined;
      },
    },
  ];
  const several = [
    { name: 'floor: YAML library', run: () => ended(['--input-type=module', '-e', FLOOR_OF_FOLDER, folder]) },
    {
      name: 'thuban validate FOLDER',
      run: () => ended([join(options.dist, 'thuban.mjs'), 'validate', '--quiet', folder]),
    },
  ];
  const warmUp = 200;
  return {
    one: await takeTurns(one, options.rounds * 10, warmUp, signal),
    folder: await takeTurns(several, Math.max(3, Math.ceil(options.rounds / 6)), 1, signal),
    manifests: FOLDER_SIZE,
    lines: text.trimEnd().split('\n').length,
  };
}

/** `!args` to the library, which knows no tags of its own. */
const argsTag = { tag: '!args', collection: 'map' } as const;

/** The same files, read and parsed by the library in a process of its own. */
const FLOOR_OF_FOLDER = `import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
const folder = process.argv[1];
for (const name of readdirSync(folder))
  parse(readFileSync(folder + '/' + name, 'utf8'), { customTags: [{ tag: '!args', collection: 'map' }] });`;

function makeFolder(text: string, cleanup: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'thuban-bench-manifests-'));
  cleanup.defer('folder of manifests', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(folder, { recursive: true });
  for (let number = 0; number < FOLDER_SIZE; number++) {
    const own = text
      .replace('name: camera', `name: camera-${number}`)
      .replace(/ {2}\/usr\/share\/models:\n( {4}.*\n)*/, '');
    writeFileSync(join(folder, `camera-${number}.yaml`), own);
  }
  return folder;
}

function mustBe(sound: boolean, text: string): void {
  const result = loadManifest(text, 'camera.yaml');
  if (result.ok !== sound)
    throw new ThubanError(
      'TH9001',
      `the manifest of the benchmark is read otherwise: ${JSON.stringify(result.diagnostics)}`,
    );
  if (!sound) renderDiagnostics(result.diagnostics, text, { color: false, columns: 80 });
}

function ended(args: readonly string[]): Promise<undefined> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: join(import.meta.dirname, '..'),
    });
    child.once('error', fail).once('exit', (code) => {
      if (code === 0) done(undefined);
      else fail(new ThubanError('TH9001', `${args.slice(0, 2).join(' ')} ended with ${code}`));
    });
  });
}
