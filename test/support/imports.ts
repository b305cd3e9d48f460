import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { dirname, normalize, relative } from 'node:path/posix';

/** Every file below a folder, as a path that begins with the folder's own name. */
export function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(root, path)).isDirectory() ? filesBelow(root, path) : [path];
  });
}

export function textOf(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The modules that a source file names in import, export … from and import(). */
export function importsOf(text: string): string[] {
  const plain = text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const forms = [
    /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
    /\brequire\(\s*['"]([^'"]+)['"]/g,
  ];
  return forms.flatMap((form) => [...plain.matchAll(form)].map((match) => match[1] ?? ''));
}

export interface Rules {
  /** For each folder of src/: the folders that its files may import. */
  folders: Readonly<Record<string, readonly string[]>>;
  /** For each folder: the packages of package.json that it may import. Modules of Node.js are free to all. */
  packages: Readonly<Record<string, readonly string[]>>;
}

/** The folder of src/ that a path lies in: `src/cli/demo/tour.ts` is in `cli`, `src/main.ts` in `main`. */
function folderOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

/** What one file of src/ imports against the rules, one sentence each. */
export function violations(path: string, text: string, rules: Rules): string[] {
  const folder = folderOf(path);
  const may = rules.folders[folder];
  if (may === undefined) return [`${path}: no rule for the folder ${folder}`];
  return importsOf(text).flatMap((module) => {
    if (module.startsWith('node:')) return [];
    if (!module.startsWith('.')) {
      if (rules.packages[folder]?.includes(module) === true) return [];
      return [`${path}: ${folder} does not use the package ${module}`];
    }
    const target = normalize(`${dirname(path)}/${module}`);
    const other = folderOf(target);
    if (!target.startsWith('src/')) return [`${path}: imports ${module}, which is outside of src/`];
    if (other === folder) return [];
    if (!may.includes(other)) return [`${path}: ${folder} does not import ${other}`];
    if (target === `src/${other}/index.ts`) return [];
    return [`${path}: imports ${relative(dirname(path), target)}, the door of ${other} is its index.ts`];
  });
}
