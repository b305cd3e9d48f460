import assert from 'node:assert/strict';
import { interpret } from '../../../../src/manifest/interpret.ts';
import {
  checkAcross,
  readDocument,
  type Dependency,
  type LoadedManifest,
  type Manifest,
  type Member,
} from '../../../../src/manifest/index.ts';
import { manifestLanguage } from '../../../../src/manifest/manifest-language.ts';

type Input = Omit<Partial<Manifest>, 'depends_on'> & { depends_on?: Record<string, Partial<Dependency> | null> };

/** A manifest as the rules across files see it, with the places of its text. Whether the text is a sound manifest is for other tests. */
export function member(file: string, text: string): LoadedManifest {
  const document = readDocument(Buffer.from(text), file, manifestLanguage);
  assert.ok('report' in document, text);
  const { report } = document;
  const { source } = report;
  const { depends_on, ...input } = interpret(report.root, manifestLanguage.shape) as Input;
  const defaults: Dependency = { condition: 'started', version: '*', timeout: 'unlimited', on_exit: 'ignore' };
  const dependencies = Object.entries(depends_on ?? {}).map(([name, one]) => [name, { ...defaults, ...one }]);
  return {
    manifest: {
      ...{ name: 'a', version: '1.0.0', init: '/bin/a', uid: 1000, gid: 1000 },
      ...input,
      ...(depends_on === undefined
        ? {}
        : { depends_on: Object.fromEntries(dependencies) as Manifest['depends_on'] & object }),
    },
    file,
    digest: '',
    position: (path) => ({ file, ...source.place(report.span(path, 'value').offset) }),
    span: (path, at) => {
      const { offset, length } = report.span(path, at);
      return { ...source.place(offset), length };
    },
  };
}

/** One manifest for each of these: a name, and the names that it depends on. */
export function graph(arrows: Readonly<Record<string, readonly string[]>>): LoadedManifest[] {
  return Object.entries(arrows).map(([name, others]) =>
    member(`${name}.yaml`, `name: ${name}\ndepends_on:\n${others.map((other) => `  ${other}: {}\n`).join('')}`),
  );
}

/** `TH1403 a.yaml:3:3 message (hint)` of everything that is found. */
export function found(members: readonly Member[], absent: 'error' | 'warning' | 'ignore' = 'error'): string[] {
  return checkAcross(members, { absent })
    .flat()
    .map(
      ({ code, file, line, column, message, hint }) => `${code} ${file}:${line}:${column} ${message} (${hint ?? ''})`,
    );
}
