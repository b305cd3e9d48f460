import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * Bundles each test into one file of plain JavaScript: nothing is compiled in the virtual machine, where that takes seconds a file, and no
 * packages are needed there. `guest` is the path of the checkout in the virtual machine.
 */
export async function bundleTests(root: string, tests: readonly string[], guest: string, into: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [...tests],
    outbase: root,
    outdir: into,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    chunkNames: 'test/chunks/[hash]',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    plugins: [ownFolder(root, guest)],
    // Packages in CommonJS call require(), which a module does not have.
    banner: {
      js: "import { createRequire as testCreateRequire } from 'node:module';\nconst require = testCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

/** A source that looks beside itself finds in the bundle what it finds in the checkout. */
function ownFolder(root: string, guest: string): Plugin {
  return {
    name: 'own-folder',
    setup: (plugins) => {
      plugins.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = relative(root, path);
        if (own.startsWith('node_modules')) return undefined;
        const text = await readFile(path, 'utf8');
        return {
          contents: text
            .replaceAll('import.meta.dirname', JSON.stringify(join(guest, dirname(own))))
            .replaceAll('import.meta.url', JSON.stringify(`file://${join(guest, own)}`)),
          loader: 'ts',
        };
      });
    },
  };
}
