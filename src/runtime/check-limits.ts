import { ThubanError, type Diagnostic } from '../base/index.ts';
import { plainFacts, planCgroups, type Notice } from '../cgroups/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import { keyPath } from './key-path.ts';

/** No board: every processor, node and byte that a manifest may name exists. */
const ANY_MACHINE = { pageSize: 4096, cpus: '0-8191', nodes: '0-1023', memory: Number.MAX_SAFE_INTEGER };

function findings(loaded: LoadedManifest, version: 'v1' | 'v2'): Notice[] {
  const { name, version: containerVersion, cgroups } = loaded.manifest;
  const { enforce, parent: _parent, ...resources } = cgroups ?? {};
  try {
    planCgroups({
      resources,
      name,
      version: containerVersion,
      facts: plainFacts(version),
      parent: 'self',
      enforce: enforce ?? 'strict',
      machine: ANY_MACHINE,
    });
    return [];
  } catch (error) {
    if (!(error instanceof ThubanError)) throw error;
    return error.details['errors'] as Notice[];
  }
}

/**
 * The rules of the cgroups section that no board can change: ranges, formats, contradictions. What only one cgroup version refuses is
 * a warning, because the manifest may be meant for the other.
 */
export function checkLimits(loaded: LoadedManifest): Diagnostic[] {
  const perVersion = { v1: findings(loaded, 'v1'), v2: findings(loaded, 'v2') };
  const same = (a: Notice, b: Notice): boolean => a.code === b.code && a.key === b.key;
  const both = perVersion.v1.filter((a) => perVersion.v2.some((b) => same(a, b)));
  const diagnostics = both
    .filter((error) => error.code.startsWith('TH1'))
    .map((error) => toDiagnostic(error, loaded, 'error', ''));
  for (const version of ['v1', 'v2'] as const) {
    for (const error of perVersion[version]) {
      if (both.some((other) => same(error, other))) continue;
      // TH2003 says by itself which version it is about.
      const suffix = error.code === 'TH2003' ? '' : `, on cgroups ${version}`;
      diagnostics.push(toDiagnostic(error, loaded, 'warning', suffix));
    }
  }
  return diagnostics;
}

function toDiagnostic(
  notice: Notice,
  loaded: LoadedManifest,
  severity: Diagnostic['severity'],
  suffix: string,
): Diagnostic {
  const path = notice.key ?? 'cgroups';
  return {
    code: notice.code,
    severity,
    message: `${notice.message}${suffix}`,
    ...(notice.hint === undefined ? {} : { hint: notice.hint }),
    ...loaded.position(keyPath(path)),
    length: path.split('.').at(-1)?.length ?? 1,
    path,
  };
}
