export function compareVersions(a: string, b: string): number {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return (x[i] ?? 0) - (y[i] ?? 0);
  return 0;
}
export function satisfies(version: string, requirement: string): boolean {
  const m = /^(\^|>=|=)?(\d+(?:\.\d+)*)$/.exec(requirement);
  if (m === null) return requirement === '*';
  const [, op = '^', v = ''] = m;
  if (op === '=') return version === v;
  if (op === '>=') return compareVersions(version, v) >= 0;
  return compareVersions(version, v) >= 0 && version.split('.')[0] === v.split('.')[0];
}
