import { ThubanError } from '../base/index.ts';
import { loadLimits, type CgroupsSection } from '../manifest/index.ts';

/** A `cgroups` section that came as JSON, by the rules of a manifest. @throws ThubanError the first error, with all of them in its details. */
export function readLimits(cgroups: Record<string, unknown>): CgroupsSection {
  const read = loadLimits(JSON.stringify({ cgroups }), 'cgroups');
  if (read.ok) return read.cgroups;
  const errors = read.diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  // What came as JSON has no lines that anybody could look at.
  const told = errors.map(({ code, message, hint, path }) => ({
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    path,
  }));
  throw new ThubanError(first?.code ?? 'TH9001', first?.message ?? 'limits cannot be read', {
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
    details: { key: first?.path, errors: told },
  });
}
