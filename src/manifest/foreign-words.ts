import { composeKeys, composeValues, dockerKeys } from './foreign/compose.ts';
import { kubernetesKeys, kubernetesValues } from './foreign/kubernetes.ts';
import { systemdKeys, systemdValues } from './foreign/systemd.ts';
import type { ForeignWords } from './language.ts';

type Words = Readonly<Record<string, string>>;

/** Words that people bring along from elsewhere, and what to write here. The first one that has a word tells of it. */
export const foreignKeys: readonly ForeignWords[] = [
  { from: 'Compose', words: composeKeys },
  { from: 'Docker', words: dockerKeys },
  { from: 'Kubernetes', words: kubernetesKeys },
  { from: 'systemd', words: systemdKeys },
];

/** The same for the values of a key. */
export const foreignValues: Readonly<Record<string, readonly ForeignWords[]>> = byKey([
  ['Compose', composeValues],
  ['Kubernetes', kubernetesValues],
  ['systemd', systemdValues],
]);

/** What is said of a key that somebody else has: `Compose calls it X; here it is Y`. */
export function keyOfAnother(words: readonly ForeignWords[], key: string): string | undefined {
  const found = words.find((table) => Object.hasOwn(table.words, key));
  return found === undefined ? undefined : sentence(found.from, key, found.words[key] ?? '');
}

/** The same of a value, which is what stands here literally. */
export function valueOfAnother(words: readonly ForeignWords[], value: string): string | undefined {
  const found = words.find((table) => Object.hasOwn(table.words, value));
  return found === undefined ? undefined : sentence(found.from, value, `\`${found.words[value] ?? ''}\``);
}

function sentence(from: string, theirs: string, ours: string): string {
  return `${from} calls it \`${theirs}\`; here it is ${ours}`;
}

function byKey(
  tables: readonly [from: string, values: Readonly<Record<string, Words>>][],
): Record<string, ForeignWords[]> {
  const result: Record<string, ForeignWords[]> = {};
  for (const [from, values] of tables)
    for (const [key, words] of Object.entries(values)) (result[key] ??= []).push({ from, words });
  return result;
}
