import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, copyFileSync, createReadStream, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadManifest } from '../../src/manifest/index.ts';
import { keyIdOf, loadSigningKey, pack, type SigningKey } from '../../src/package/index.ts';
import type { Installed } from '../../src/runtime/index.ts';
import { TestDaemon } from './daemon.ts';
import { makeImage } from './image.ts';
import { leavesNothingBehind } from './leaks.ts';

export interface KeyFiles {
  signing: SigningKey;
  /** Of the public key. */
  file: string;
  id: string;
}

/** A pair of keys in a folder, as `thuban key generate` makes them. */
export function makeKeys(folder: string, name: string): KeyFiles {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const [file, secret] = [join(folder, `${name}.pub`), join(folder, `${name}.key`)];
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o644 });
  writeFileSync(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { signing: loadSigningKey(secret), file, id: keyIdOf(publicKey) };
}

export interface PackageRecipe {
  name: string;
  version?: string;
  /** A shell script; absent: a container that only has files for others. */
  script?: string;
  key?: SigningKey;
  sections?: Record<string, unknown>;
}

/** Makes packages with the shell and its tools in them. */
export class PackageMaker {
  readonly #folder: string;
  readonly #root: string;
  #made = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#root = makeImage(folder);
    for (const tool of ['/bin/sleep', '/bin/cat']) copyFileSync(tool, join(this.#root, tool)); // they need libc only
    chmodSync(this.#root, 0o755);
  }

  /** The folder that becomes the root of each package. */
  get root(): string {
    return this.#root;
  }

  /** Packs, into a folder of its own for each, and gives the file. */
  async make({ name, version = '1.0.0', script, key, sections = {} }: PackageRecipe): Promise<string> {
    const out = join(this.#folder, `made-${this.#made++}`);
    mkdirSync(out);
    const manifest = {
      name,
      version,
      uid: 1000,
      gid: 1000,
      ...(script === undefined ? {} : { init: '/bin/sh', args: ['-c', script] }),
      ...sections,
    };
    const text = Buffer.from(JSON.stringify(manifest, null, 1));
    const loaded = loadManifest(text, 'manifest.yaml');
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    const signed = key === undefined ? {} : { key };
    return (await pack(text, loaded.manifest, { root: this.#root, out, ...signed })).file;
  }
}

/** A daemon and a maker of packages; nothing of either may be left. */
export async function onPackages(
  body: (daemon: TestDaemon, maker: PackageMaker) => Promise<void>,
  config?: string,
): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon, new PackageMaker(daemon.shared));
    if (!daemon.isDead) await daemon.signal('SIGTERM');
  });
}

export function install(daemon: TestDaemon, file: string): Promise<Installed> {
  return installInto(daemon, 'default', file);
}

export function installInto(daemon: TestDaemon, repository: string, file: string): Promise<Installed> {
  return daemon.client.install(repository, { chunks: contentsOf(file), size: statSync(file).size });
}

/** Opened when it is asked for: a package that is refused before is not. */
async function* contentsOf(file: string): AsyncGenerator<Buffer> {
  yield* createReadStream(file) as AsyncIterable<Buffer>;
}

/** The hidden files of a repository: what is on its way, or was. */
export function parts(daemon: TestDaemon): string[] {
  return readdirSync(daemon.repository).filter((name) => name.startsWith('.'));
}
