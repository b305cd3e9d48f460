/** `mounts./data.host` → ['mounts', '/data', 'host']; a mount's target may itself hold dots, and the name of a file does. */
export function keyPath(key: string): string[] {
  const file = /^cgroups\.(unified|\w+\.attrs)\.(.*)$/.exec(key);
  if (file !== null) return ['cgroups', ...(file[1] ?? '').split('.'), file[2] ?? ''];
  const mount = /^mounts\.(\/.*?)(\.(?:host|size|options|type))?$/.exec(key);
  if (mount !== null) return ['mounts', mount[1] ?? '', ...(mount[2] === undefined ? [] : [mount[2].slice(1)])];
  return key.split('.');
}

/** Every key of a manifest with its path: `mounts./data.host`, `args[1]`. */
export function keyPaths(
  value: unknown,
  path: readonly (string | number)[] = [],
  text = '',
): [string, (string | number)[]][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): [string, (string | number)[]][] => {
    const step = Array.isArray(value) ? Number(key) : key;
    const name = typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`;
    return [[name, [...path, step]], ...keyPaths(inner, [...path, step], name)];
  });
}
