import { ThubanError, formatBytes, formatDuration, visible } from '../base/index.ts';
import { loadLimits, readManifestBytes, type CgroupsSection } from '../manifest/index.ts';
import type { Updated } from '../runtime/index.ts';
import { clientOf } from './client.ts';
import { confirmed } from './confirm.ts';
import type { Context } from './context.ts';
import { explain } from './load.ts';
import { changeText } from './repository/change-lines.ts';
import { print, printJson, talk } from './talk.ts';

export interface UpdateFlags {
  file?: string;
  force?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

/** Changes limits of a container that runs, all of them or none. */
export async function update(name: string, flags: UpdateFlags, context: Context): Promise<number> {
  const { file } = flags;
  if (file === undefined)
    throw new ThubanError('TH6011', '`update` needs the file with the limits', {
      hint: `thuban update ${name} --file FILE   (a manifest, or only a \`cgroups\` section)`,
    });
  const cgroups = limitsFrom(file, name, context);
  if (cgroups === undefined) return 1;
  const isDry = flags.dryRun === true;
  if (flags.force === true && !isDry) {
    const loss = `let the kernel kill in ${name} what does not fit into the limits of ${file}`;
    if (!(await confirmed(loss, flags.yes === true, context))) return 1;
  }
  const options = { ...(flags.force === true ? { force: true } : {}), ...(isDry ? { dry_run: true } : {}) };
  const updated = await clientOf(context).update(name, cgroups, options);
  if (context.json) printJson(updated);
  else if (context.quiet) print(updated.id);
  else tell(updated, isDry);
  return 0;
}

/** Undefined after the errors were printed. Findings about other parts of a manifest are none of an update. */
function limitsFrom(file: string, name: string, context: Context): CgroupsSection | undefined {
  const bytes = readManifestBytes(file);
  const read = 'fatal' in bytes ? { ok: false as const, diagnostics: [bytes.fatal] } : loadLimits(bytes.bytes, file);
  // What this version cannot execute the daemon refuses.
  const about = read.diagnostics.filter(({ code, path }) => !read.ok || (code !== 'TH1107' && /^cgroups\b/.test(path)));
  explain(about, () => ('bytes' in bytes ? Buffer.from(bytes.bytes).toString('utf8') : undefined), context);
  if (!read.ok) return undefined;
  const [wanted] = name.split(':');
  if (read.name !== undefined && read.name !== wanted)
    throw new ThubanError('TH6011', `${file} is the manifest of \`${read.name}\`, not of \`${visible(name)}\``, {
      hint: 'name its container, or a file with only a `cgroups` section',
    });
  return read.cgroups;
}

function tell({ id, changed, duration = 0, differs, below_use = [], ...found }: Updated, isDry: boolean): void {
  const keys = changed.map((difference) => `    ${changeText(difference)}`);
  if (changed.length === 0) print(`${id} has these limits already`);
  else if (isDry) print([`${id} live, no restart`, ...keys]);
  else print([`${id} limits changed in ${formatDuration(duration * 1000)}`, ...keys]);
  for (const { code, message } of [...found.warnings, ...found.degraded]) talk(`warning[${code}]: ${message}`);
  for (const { file, limit, use } of below_use) {
    const [a, b] = file === 'pids.max' ? [String(limit), String(use)] : [formatBytes(limit), formatBytes(use)];
    talk(
      `${a} for ${file} is below the present use of ${b}: without --force it is refused unless the kernel can reclaim that`,
    );
  }
  if (isDry) talk('nothing was done');
  else if (differs) talk(`they are not those of its manifest, and hold until that changes   (thuban inspect ${id})`);
}
