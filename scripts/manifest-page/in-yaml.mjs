// Examples of the schema as YAML.
import { Document, isMap, isScalar, isSeq, Scalar } from 'yaml';
import { complete } from './nodes.mjs';

const LOOK = { lineWidth: 0, flowCollectionPadding: false, singleQuote: true };

/** A value on one line. */
export function inline(schema, value, node) {
  const document = new Document();
  document.contents = build(document, schema, value, node);
  if (!isScalar(document.contents)) document.contents.flow = true;
  return document.toString(LOOK).trimEnd();
}

/** A value at its path, in as many lines as it needs; maps and lists inside of it are on one line when nothing is inside of them. */
export function block(schema, path, value, node) {
  const document = new Document(path.reduceRight((inner, key) => ({ [key]: inner }), null));
  const built = build(document, schema, value, node);
  document.setIn(path, built);
  if (isMap(built) && built.tag === undefined) for (const { value: inner } of built.items) flatten(inner);
  else if (!isScalar(built)) flatten(built);
  return document.toString(LOOK).trimEnd();
}

function flatten(node) {
  if (isScalar(node)) return;
  const inner = isMap(node) ? node.items.map(({ value }) => value) : node.items;
  if (inner.every((one) => isScalar(one) || one.flow)) node.flow = true;
  else inner.forEach(flatten);
}

/** Where a one-key map may be written as a tag, the key becomes the tag. */
function build(document, schema, value, given) {
  const node = given === undefined ? {} : complete(schema, given);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const tag = isObject ? node['x-tags']?.find((key) => Object.hasOwn(value, key)) : undefined;
  if (tag !== undefined) {
    const tagged = build(document, schema, value[tag], node.properties[tag]);
    tagged.tag = `!${tag}`;
    if (!isScalar(tagged)) tagged.flow = true;
    return tagged;
  }
  if (typeof value === 'string') return scalar(value, node);
  const built = document.createNode(value);
  if (isSeq(built)) built.items = value.map((item) => build(document, schema, item, node.items));
  else if (isMap(built))
    for (const pair of built.items) {
      const key = String(pair.key);
      const inner = node.properties?.[key] ?? node.additionalProperties;
      pair.value = build(document, schema, value[key], typeof inner === 'object' ? inner : undefined);
    }
  return built;
}

/** JSON has no octal and hexadecimal numbers, so that the schema has them as text. */
function scalar(text, { type }) {
  const format = { '0o': 'OCT', '0x': 'HEX' }[text.slice(0, 2)];
  if (format === undefined || ![type].flat().includes('integer')) return new Scalar(text);
  const number = new Scalar(Number(text));
  number.format = format;
  return number;
}
