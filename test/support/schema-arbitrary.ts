import { readFileSync } from 'node:fs';
import fc, { type Arbitrary } from 'fast-check';

/** What is used of a schema here. */
interface Node {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  examples?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  'x-range'?: unknown[];
  'x-tags'?: string[];
  required?: string[];
  properties?: Record<string, Node>;
  additionalProperties?: boolean | Node;
  items?: Node;
}

const schema = JSON.parse(readFileSync('schemas/manifest.schema.json', 'utf8')) as Node & {
  definitions: Record<string, Node>;
};

/**
 * Manifests as the schema describes them: every key may be there, with one of its examples, words, bounds or defaults, or with what its
 * own keys make up. A new key takes part by itself. Rules across keys are not the schema's, so about half of them are refused.
 */
export const schemaManifests: Arbitrary<Record<string, unknown>> = fc
  .uniqueArray(fc.constantFrom(...Object.keys(schema.properties ?? {})), { maxLength: 6 })
  .chain((keys) => {
    const wanted = [...new Set([...(schema.required ?? []), 'init', ...keys])];
    return fc.record(Object.fromEntries(wanted.map((key) => [key, valueOf(resolve(schema.properties?.[key] ?? {}))])));
  });

function resolve(node: Node): Node {
  if (node.$ref === undefined) return node;
  return { ...schema.definitions[node.$ref.replace('#/definitions/', '')], ...node };
}

function valueOf(node: Node): Arbitrary<unknown> {
  const constants = [...(node.examples ?? []), ...(node.enum ?? []), ...(node['x-range'] ?? [])];
  for (const one of [node.default, node.minimum, node.maximum]) if (one !== undefined) constants.push(one);
  const chosen = constants.length === 0 ? fc.jsonValue({ maxDepth: 1 }) : fc.constantFrom(...constants);
  const made = partsOf(node);
  return made === undefined ? chosen : fc.oneof({ weight: 2, arbitrary: chosen }, { weight: 1, arbitrary: made });
}

/** A map or a list of parts, where the node has some. */
function partsOf(node: Node): Arbitrary<unknown> | undefined {
  if (node.properties !== undefined) {
    const parts = Object.entries(node.properties).map(([key, inner]): [string, Arbitrary<unknown>] => [
      key,
      valueOf(resolve(inner)),
    ]);
    const tags = node['x-tags'];
    if (tags !== undefined)
      return fc.oneof(
        ...parts.filter(([key]) => tags.includes(key)).map(([key, value]) => value.map((one) => ({ [key]: one }))),
      );
    return fc.record(Object.fromEntries(parts), { requiredKeys: node.required ?? [] });
  }
  if (node.items !== undefined) return fc.array(valueOf(resolve(node.items)), { maxLength: 3 });
  if (typeof node.additionalProperties !== 'object') return undefined;
  const names = Object.keys(node.examples?.[0] ?? {});
  return fc.dictionary(fc.constantFrom(...names, 'a', '/b', 'c_d'), valueOf(resolve(node.additionalProperties)), {
    maxKeys: 3,
  });
}
