import { suggest, type Diagnostic } from '../base/index.ts';
import {
  fileFinding,
  formatPath,
  isUnsupportedKey,
  keyShape,
  readDocument,
  Source,
  type KeyPath,
  type Shape,
} from '../manifest/index.ts';
import { configLanguage } from './language.ts';
import { madeDocument, scalar } from './made-document.ts';
import { makePart, type Part } from './part.ts';

const PREFIX = 'THUBAN_CFG_';

export interface Environment {
  parts: Part[];
  diagnostics: Diagnostic[];
  /** The value of each variable that has a place in the configuration. */
  texts: Map<string, string>;
}

/** One part for each variable that sets a value; whole sections first, so that a variable for one value in them wins. */
export function readEnvironment(env: Readonly<NodeJS.ProcessEnv>): Environment {
  const found: Environment = { parts: [], diagnostics: [], texts: new Map() };
  const names = Object.keys(env).filter((name) => name.startsWith(PREFIX));
  // The name of a section sorts before the names of what is in it.
  for (const name of names.sort()) {
    const target = resolveName(name);
    if ('diagnostic' in target) {
      found.diagnostics.push(target.diagnostic);
      continue;
    }
    const source = new Source(name, env[name] ?? '');
    found.texts.set(name, source.text);
    const document = documentOf(source, target);
    if ('fatal' in document) found.diagnostics.push(document.fatal);
    else found.parts.push(makePart('environment', document));
  }
  return found;
}

interface Target {
  path: KeyPath;
  shape: Shape | undefined;
}

/** A value is read as a scalar of YAML; for a map or a list also in brackets. Nothing is set by an empty one. */
function documentOf(source: Source, { path, shape }: Target): ReturnType<typeof readDocument> {
  const text = source.text.trim();
  const isCollection = /^[[{]/.test(text) && (shape?.types ?? []).some((type) => type === 'array' || type === 'object');
  if (!isCollection) return madeDocument(source, path, scalar(text, true, source.text.indexOf(text)));
  const inner = readDocument(Buffer.from(source.text), source.file, configLanguage);
  if ('fatal' in inner) return inner;
  const found = [...inner.diagnostics, ...inner.report.sorted()];
  const section = formatPath(path);
  const diagnostics = found.map((diagnostic) => ({ ...diagnostic, path: below(section, diagnostic.path) }));
  return { ...madeDocument(source, path, inner.report.root), diagnostics };
}

/** Paths in the text of a variable begin at the value that it sets. */
function below(section: string, path: string): string {
  return path === '' || path.startsWith('[') ? section + path : `${section}.${path}`;
}

/** `THUBAN_CFG_CONSOLE__EVENT_HISTORY` is `console.event_history`. Names that anybody may choose have `-` where a variable has `_`. */
function resolveName(name: string): Target | { diagnostic: Diagnostic } {
  let shape: Shape | undefined = configLanguage.shape;
  const path: string[] = [];
  for (const step of name.slice(PREFIX.length).split('__')) {
    const key: string = step.toLowerCase();
    const isNamed: boolean = shape?.keys !== undefined && Object.hasOwn(shape.keys, key);
    if (step === '' || step !== step.toUpperCase()) return { diagnostic: unknownVariable(name, path, shape) };
    if (isUnsupportedKey(configLanguage.unsupported, [...path, key])) return { path: [...path, key], shape: undefined };
    const next: Shape | undefined = keyShape(shape, key);
    if (next === undefined) return { diagnostic: unknownVariable(name, path, shape) };
    path.push(isNamed ? key : key.replaceAll('_', '-'));
    shape = next;
  }
  return { path, shape };
}

function unknownVariable(name: string, path: readonly string[], shape: Shape | undefined): Diagnostic {
  const meant = suggest(name, variables());
  const here = PREFIX + path.map((step) => `${step.toUpperCase()}__`).join('');
  const hint =
    shape?.keys === undefined && shape?.others === undefined
      ? `\`${here.slice(0, -2)}\` has one value, set it as a whole`
      : meant !== undefined
        ? `did you mean \`${meant}\`?`
        : `after \`${here}\` comes one of ${
            Object.keys(shape.keys ?? {})
              .join(', ')
              .toUpperCase() || 'the names'
          }`;
  return fileFinding(
    name,
    'TH7003',
    `the environment variable \`${name}\` sets nothing that the configuration knows`,
    hint,
  );
}

/** Every variable that has a fixed name. */
export function variables(shape: Shape = configLanguage.shape, start: string = PREFIX): string[] {
  return Object.entries(shape.keys ?? {}).flatMap(([key, inner]) => {
    const name = start + key.toUpperCase();
    return [name, ...variables(inner, `${name}__`)];
  });
}
