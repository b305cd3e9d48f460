import type { Shape } from './shape.ts';
import type { TreeNode } from './tree.ts';

/**
 * Turns a tree into plain values. YAML's own typing is not used: a place where the schema wants text keeps the text
 * as written (`THREADS: 4` is "4"), and integers have exactly the forms of YAML 1.2 plus `0b` (`0777` is text).
 * An optional key without a value is an absent key.
 */
export function interpret(node: TreeNode, shape: Shape | undefined): unknown {
  switch (node.kind) {
    case 'scalar':
      return scalar(node.text, node.plain, shape);
    case 'list':
      return node.items.map((item) => interpret(item, shape?.items));
    case 'map': {
      const result: Record<string, unknown> = {};
      for (const [key, { value }] of node.entries) {
        const inner = keyShape(shape, key);
        const optional = ownKey(shape, key) !== undefined && shape?.required?.includes(key) !== true;
        if (optional && isNull(value) && inner?.types.includes('null') !== true) continue;
        // A key may be `__proto__`; assignment would lose it.
        Object.defineProperty(result, key, {
          value: interpret(value, inner),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
      return result;
    }
  }
}

/** The shape of a key of a map, whether it is named in the schema or any name is allowed. */
export function keyShape(shape: Shape | undefined, key: string): Shape | undefined {
  return ownKey(shape, key) ?? shape?.others;
}

function ownKey(shape: Shape | undefined, key: string): Shape | undefined {
  return shape?.keys !== undefined && Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined;
}

function isNull(node: TreeNode): boolean {
  return node.kind === 'scalar' && node.plain && /^(|~|null|Null|NULL)$/.test(node.text);
}

function scalar(text: string, plain: boolean, shape: Shape | undefined): unknown {
  if (!plain) return text;
  const types = shape?.types;
  const natural = resolve(text);
  if (types?.includes('string') !== true || shape?.typed === true) return natural;
  // The text is exact where a number of JavaScript is not.
  if (shape?.quantity === 'u64' && typeof natural === 'number' && !Number.isSafeInteger(natural)) return text;
  if (typeof natural === 'number' && (types.includes('number') || types.includes('integer'))) return natural;
  if (natural === null && types.includes('null')) return null;
  return text;
}

/** What a plain scalar means where nothing else is known. */
function resolve(text: string): string | number | boolean | null {
  if (text.length > 64) return text;
  if (/^(|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  return parseInteger(text) ?? parseFraction(text) ?? text;
}

/** Decimal, `0o`, `0x`, `0b`, each with a sign; not `0777`, which is octal for some and decimal for others. */
export function parseInteger(text: string): number | undefined {
  const match = /^([-+]?)(0|[1-9][0-9]*|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+)$/.exec(text);
  if (match?.[2] === undefined) return undefined;
  const value = Number(match[2]);
  return match[1] === '-' && value !== 0 ? -value : value;
}

function parseFraction(text: string): number | undefined {
  if (!/^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? (value === 0 ? 0 : value) : undefined;
}

/** `0777`: octal before YAML 1.2. */
export function isOldOctal(text: string): boolean {
  return /^[-+]?0[0-9]+$/.test(text);
}
