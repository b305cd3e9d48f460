import type { Places } from '../base/index.ts';
import { isMap, keyShape, mapAt, textAt, type Shape } from '../manifest/index.ts';
import { configLanguage } from './language.ts';
import type { Part } from './part.ts';

type Values = Record<string, unknown>;

/** Has no prototype, so that a key `__proto__` is a key like any other. */
function empty(): Values {
  return Object.create(null) as Values;
}

/** Lays the parts over each other, the first at the bottom: maps are merged, everything else is replaced. */
export function merge(parts: readonly Part[]): Values {
  const values = empty();
  for (const { input, replaces } of parts) {
    if (!isMap(input)) continue;
    const [section] = replaces ?? [];
    if (section !== undefined) Reflect.deleteProperty(values, section);
    lay(values, input);
  }
  return values;
}

function lay(below: Values, above: Values): void {
  for (const [key, value] of Object.entries(above)) {
    if (!isMap(value)) {
      below[key] = value;
      continue;
    }
    const inner = below[key];
    const target = isMap(inner) ? inner : empty();
    below[key] = target;
    lay(target, value);
  }
}

/** Puts the defaults of the schema where nothing is set, and those that a schema cannot say: they depend on who asks. */
export function withDefaults(values: Values, { runDir, dataDir, owner }: Places): Values {
  const result: Values = { run_dir: runDir, data_dir: dataDir, ...values };
  if (result['repositories'] === undefined) result['repositories'] = { default: { dir: `${dataDir}/repository` } };
  const full = complete(result, configLanguage.shape) as Values;
  const console = mapAt(full, 'console');
  if (console !== undefined && console['sockets'] === undefined) {
    const path = `${textAt(full, 'run_dir') ?? ''}/console.sock`;
    const alone = owner && { owner: String(owner.uid), group: String(owner.gid), mode: 0o600 };
    const sockets = [{ path, ...alone }];
    full['console'] = complete({ ...console, sockets }, keyShape(configLanguage.shape, 'console'));
  }
  return full;
}

function complete(value: unknown, shape: Shape | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => complete(item, shape?.items));
  if (value === undefined && shape?.default !== undefined) return shape.default;
  if (!isMap(value) && (value !== undefined || shape?.keys === undefined)) return value;
  const known = value ?? {};
  const result = empty();
  for (const key of [...Object.keys(shape?.keys ?? {}), ...Object.keys(known)]) {
    const inner = complete(Object.hasOwn(known, key) ? known[key] : undefined, keyShape(shape, key));
    if (inner !== undefined) result[key] = inner;
  }
  return result;
}
