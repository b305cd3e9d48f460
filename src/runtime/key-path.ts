/** `mounts./data.host` → ['mounts', '/data', 'host']; a mount's target may itself hold dots. */
export function keyPath(key: string): string[] {
  const mount = /^mounts\.(\/.*?)(\.(?:host|size|options|type))?$/.exec(key);
  if (mount !== null) return ['mounts', mount[1] ?? '', ...(mount[2] === undefined ? [] : [mount[2].slice(1)])];
  return key.split('.');
}
