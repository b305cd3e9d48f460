import { basename } from 'node:path/posix';
import { count, formatBytes, type ImageFile } from '../base/index.ts';
import type { CgroupWrite, Group } from '../cgroups/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import { keyPath, type LaunchPlan } from '../runtime/index.ts';
import type { Step, Upper } from '../launcher/index.ts';
import type { Context } from './context.ts';

/** The line of a manifest's key, as `:9`; nothing for what the manifest does not name. */
function lineOf(key: string | undefined, loaded: LoadedManifest): string {
  return key === undefined ? '' : `:${loaded.position(keyPath(key)).line}`;
}

/** Cells in columns; `last` at the right edge. What does not fit is cut, for `--json` has it whole. */
function row(cells: string[], widths: number[], last: string, columns: number): string {
  const text = cells
    .map((cell, i) => cell.padEnd(widths[i] ?? 0))
    .join('  ')
    .trimEnd();
  const room = columns - (last === '' ? 0 : last.length + 1);
  const cut = text.length <= room ? text : `${text.slice(0, room - 3)}...`;
  return last === '' ? cut : `${cut.padEnd(room)} ${last}`;
}

/** What a person reads: every write with its file, every step, and the manifest's line that asked for it. */
export function planText(plan: LaunchPlan, loaded: LoadedManifest, where: string, context: Context): string {
  const { cgroup, launch } = plan;
  const columns = Math.min(context.out.columns, 120);
  const other = cgroup.layout === 'v2' ? 'v1' : 'v2';
  const lines = [
    `${context.out.style('bold', plan.id)} on cgroups ${cgroup.layout} ${where}   (other: --cgroups ${other})`,
  ];
  const writes = cgroup.writes.filter((write) => write.op !== 'mkdir');
  for (const group of cgroup.groups) lines.push(...groupLines(group, columns));
  lines.push(count(writes.length, 'write'));
  let number = 0;
  const width = (of: (write: CgroupWrite) => string): number => Math.max(...writes.map((write) => of(write).length), 0);
  const widths = [4, width(fileText), Math.min(18, width(writtenText)), 0];
  for (const write of writes) {
    const cells = [String(++number).padStart(4), fileText(write), writtenText(write), describe(write, loaded)];
    lines.push(row(cells, widths, lineOf(write.key, loaded), columns));
  }
  for (const { file, text, key } of cgroup.monitors ?? [])
    lines.push(row(['  watch', `${basename(file)}  ${text}`], [6, 0], lineOf(key, loaded), columns));
  lines.push(`launch, ${count(launch.steps.length, 'step')}`);
  for (const step of launch.steps) {
    const cells = [String(++number).padStart(4), step.op, stepText(step)];
    lines.push(row(cells, [4, 18, 0], lineOf(step.key, loaded), columns));
  }
  for (const warning of plan.warnings) {
    const at = warning.key === undefined ? '' : ` ${lineOf(warning.key, loaded)}`;
    lines.push(`${context.out.style('yellow', `warning[${warning.code}]`)}: ${warning.message}${at}`);
    if (warning.hint !== undefined) lines.push(`  hint: ${warning.hint}`);
  }
  lines.push(`nothing was done. ${count(writes.length, 'write')}, ${count(launch.steps.length, 'step')}`);
  return `${lines.join('\n')}\n`;
}

/** A path is what people copy, so it is never cut: the controllers move to a line of their own instead. */
function groupLines(group: Group, columns: number): string[] {
  const controllers = group.controllers.join(' ');
  const line = `cgroup ${group.path}   ${controllers}`;
  return line.length <= columns ? [line] : [`cgroup ${group.path}`, `       ${controllers}`];
}

function fileText(write: CgroupWrite): string {
  return write.op === 'devices' ? '(device program)' : (write.file ?? '');
}

function writtenText(write: CgroupWrite): string {
  return write.op === 'devices' ? `${write.instructions ?? 0} instructions` : (write.value ?? '');
}

function valueText(value: unknown, isSize: boolean): string {
  if (typeof value === 'number') return isSize && value > 0 ? formatBytes(value) : String(value);
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

/** The manifest's own words for a write: `memory_hard_limit 96 MiB`, or why it is made. */
function describe(write: CgroupWrite, loaded: LoadedManifest): string {
  const notes: string[] = [];
  if (write.key !== undefined) {
    const path = keyPath(write.key);
    let value: unknown = loaded.manifest;
    for (const part of path)
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
    const isSize = write.key.endsWith('limit') && !write.key.startsWith('cgroups.pids');
    const text = `${path.slice(2).join('.')} ${valueText(value, isSize)}`.trim();
    if (text !== '') notes.push(text);
  }
  if (write.rules !== undefined) notes.push(write.rules.join(', '));
  if (write.instead_of !== undefined) notes.push(`if there is no ${write.instead_of}`);
  if (write.tolerate !== undefined) notes.push('may be refused');
  return notes.join('; ');
}

function imageText({ file, offset, size }: ImageFile): string {
  return `${file} (${formatBytes(size)} at ${offset})`;
}

function stepText(step: Step): string {
  switch (step.op) {
    case 'namespaces':
      return step.namespaces.join(' ');
    case 'user_namespace':
      return `0-${step.size - 1} are uid ${step.uid} gid ${step.gid} and on  ${step.namespaces.join(' ')}`.trimEnd();
    case 'root_tmpfs':
      return `${formatBytes(step.size)} in memory`;
    case 'root_bind':
      return step.source;
    case 'root_image':
      return `${imageText(step.image)} ${step.attributes.join(' ')}`;
    case 'root_overlay':
      return `${formatBytes(step.size)} in memory, if the root lacks ${step.if_missing.join(' or ')}`;
    case 'image':
      return `${step.target}  from ${step.dir} of ${imageText(step.image)} ${step.attributes.join(' ')}`;
    case 'mkdir':
    case 'mkfile':
      return `${step.path}  ${step.mode.toString(8)}`;
    case 'symlink':
      return `${step.path} -> ${step.text}`;
    case 'bind':
      return `${step.target}  from ${step.source} ${step.attributes.join(' ')}${step.recursive ? ' recursive' : ''}`;
    case 'tmpfs':
      return `${step.target}  ${formatBytes(step.size)} ${step.attributes.join(' ')} ${step.mode.toString(8)}`;
    case 'proc':
    case 'sysfs':
      return `${step.target}  ${step.attributes.join(' ')}`;
    case 'dev':
      return `${step.target}  null zero full random urandom tty`;
    case 'root_attributes':
      return step.attributes.join(' ');
    case 'node':
      return `${step.type} ${step.major}:${step.minor} ${step.mode.toString(8)} uid ${step.uid} gid ${step.gid}, as ${step.source}`;
    case 'device':
      return `${step.target}  node ${step.index}`;
    case 'devpts':
      return `${step.target}  gid ${step.gid}`;
    case 'persist':
      return `${step.target}  from ${step.folder}/${step.name} ${step.mode.toString(8)} uid ${step.uid} gid ${step.gid}`;
    case 'overlay':
      return `${step.target}  of ${step.lower.join(' over ')}, changes in ${upperText(step.upper)}`;
    case 'root_writable':
      return `changes in ${upperText(step.upper)}`;
    case 'hostname':
      return step.name;
    case 'oom_score_adj':
      return String(step.value);
    case 'rlimit':
      return `${step.resource}  soft ${step.soft ?? 'unlimited'} hard ${step.hard ?? 'unlimited'}`;
    case 'umask':
      return step.mode.toString(8).padStart(3, '0');
    case 'bounding':
    case 'capabilities':
      return step.capabilities.join(' ') || 'none';
    case 'ids':
      return `uid ${step.uid} gid ${step.gid}${step.groups.length > 0 ? ` groups ${step.groups.join(' ')}` : ''}`;
    case 'working_directory':
      return step.path;
    case 'mask':
    case 'read_only':
      return step.paths.join(' ');
    case 'root_context':
      return step.context;
    case 'security_label':
      return step.text;
    case 'socket':
      return `${step.folder}/${step.name}  ${step.type} ${step.mode.toString(8)} uid ${step.uid} gid ${step.gid}`;
    case 'enter':
      return `container ${step.id}`;
    case 'setns':
      return step.namespaces.join(' ');
    case 'connect':
      return step.file;
    case 'listen':
      return `descriptor ${3 + step.index}`;
    case 'network_namespace':
      return step.file;
    case 'sched':
      return schedText(step);
    case 'seccomp':
      return `${Buffer.from(step.program, 'base64').length / 8} instructions`;
    case 'exec':
      return [step.path, ...step.args].join(' ').replaceAll(/\s+/g, ' ');
    case 'propagation':
    case 'pivot':
    case 'loopback':
    case 'join':
    case 'cgroup_namespace':
    case 'enter_user_namespace':
    case 'mount_namespace':
    case 'session':
    case 'no_new_privs':
      return '';
  }
}

function upperText(upper: Upper): string {
  return 'folder' in upper ? `${upper.folder}/${upper.name}` : `${formatBytes(upper.size)} of memory`;
}

function schedText({ policy, nice, priority, times }: Step & { op: 'sched' }): string {
  if (times !== undefined)
    return `${policy} runtime ${times.runtime} us deadline ${times.deadline} us period ${times.period} us`;
  return [
    policy,
    ...(nice === undefined ? [] : ['nice', nice]),
    ...(priority === undefined ? [] : ['priority', priority]),
  ].join(' ');
}
