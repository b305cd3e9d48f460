import { Option } from 'commander';
import type { CommandEntry } from './command.ts';
import { daemonOptions, repeatable } from './options.ts';

/** Of the image compressions only those that a mainline kernel reads; the package folder knows them, and is not loaded for help. */
const COMPRESSIONS = ['gzip', 'zstd', 'xz', 'lz4', 'none'];

const repository = (): Option =>
  new Option('--repository <id>', 'the repository of the daemon (default: the only one, or `default`)');

const signingKey = (): Option => new Option('--key <file>', 'sign with this private key, NAME.key');

export const packages: readonly CommandEntry[] = [
  {
    usage: 'pack <file>',
    group: 'Package:',
    summary: 'Make a package of a manifest and a root filesystem',
    examples: [
      'thuban pack camera.yaml --root build/root --key acme.key',
      'thuban pack camera.yaml --root root.tar --compression zstd -o out/',
    ],
    exitCodes: '0 done, 1 not, 2 usage, 130 Ctrl-C',
    options: [
      new Option('--root <path>', 'a folder or a tar archive: the files of the container'),
      new Option('-o, --out <path>', 'a file, or a folder for NAME-VERSION.tar').default('.', 'here'),
      signingKey(),
      new Option('--compression <kind>', 'of the image').choices(COMPRESSIONS).default('gzip'),
      new Option('--mksquashfs <path>', 'the program that makes the image').default('mksquashfs'),
    ],
    run: async ({ args: [file = ''], flags, context }) =>
      (await import('../package/pack.ts')).packCommand(file, flags, context),
  },
  {
    usage: 'verify <file...>',
    group: 'Package:',
    summary: 'Check packages, or signed manifests, byte by byte',
    examples: ['thuban verify camera-2.1.0.tar --key acme.pub', 'thuban verify --json *.tar'],
    exitCodes: '0 all are right, 1 not, 2 usage',
    options: [repeatable('--key <file>', 'a public key, NAME.pub, that must have signed them')],
    run: async ({ args, flags, context }) => (await import('../package/verify.ts')).verify(args, flags, context),
  },
  {
    usage: 'key generate <name>',
    group: 'Package:',
    summary: 'Make a key pair, NAME.key and NAME.pub',
    examples: ['thuban key generate acme', 'thuban key generate acme-2026 -o /media/safe'],
    exitCodes: '0 done, 1 not, 2 usage',
    options: [new Option('-o, --out <dir>', 'the folder for both files').default('.', 'here')],
    run: async ({ args: [name = ''], flags, context }) =>
      (await import('../package/key.ts')).keyGenerate(name, flags, context),
  },
  {
    usage: 'key sign <file...>',
    group: 'Package:',
    summary: 'Sign plain manifests, each in FILE.sig',
    examples: ['thuban key sign camera.yaml --key acme.key', 'thuban key sign repository/*.yaml --key acme.key'],
    exitCodes: '0 done, 1 not, 2 usage',
    options: [signingKey().makeOptionMandatory()],
    run: async ({ args, flags, context }) => (await import('../package/key.ts')).keySign(args, flags, context),
  },
  {
    usage: 'install <file...>',
    group: 'Package:',
    summary: 'Hand packages to the daemon',
    examples: ['thuban install camera-2.1.0.tar', 'thuban install --repository vendor *.tar'],
    exitCodes: '0 all are installed, and started where they start by themselves; 1 not, 2 usage, 130 Ctrl-C',
    options: [repository(), ...daemonOptions()],
    run: async ({ args, flags, context }) => (await import('../package/install.ts')).install(args, flags, context),
  },
  {
    usage: 'uninstall <name...>',
    aliases: ['rm'],
    group: 'Package:',
    summary: 'Remove packages, with their containers and logs',
    examples: ['thuban uninstall camera:2.1.0', 'thuban uninstall --wipe camera', 'thuban rm broken.tar'],
    exitCodes: '0 all are gone, 1 not, 2 usage, 130 Ctrl-C',
    options: [
      new Option('--repository <id>', 'the repository of the daemon (default: where the container comes from)'),
      new Option('--wipe', 'with all that the container keeps in the data directory'),
      ...daemonOptions(),
    ],
    run: async ({ args, flags, context }) => (await import('../package/uninstall.ts')).uninstall(args, flags, context),
  },
];
