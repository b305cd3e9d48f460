import { visible, type Code } from '../base/index.ts';
import type { Draft } from './draft.ts';

const KEY = /^([a-z][a-z0-9_]*)(\.[A-Za-z0-9_]+)+$/;

/**
 * Raw v2 files, written last: they replace whatever an earlier section wrote to the same file. Files of the tree itself
 * (`cgroup.*`) belong to Thuban. A value of several lines is one write(2) for each line.
 */
export function planUnified(draft: Draft, unified: Record<string, string>): void {
  for (const [file, text] of Object.entries(unified)) {
    const key = `cgroups.unified.${file}`;
    const facts = draft.request.facts;
    if (facts.layout === 'v1') {
      draft.otherVersion(key, 2, 'use the named keys of `cgroups`');
      continue;
    }
    const controller = controllerOf(draft, file, key, 'of cgroups v2');
    const lines = linesOf(draft, text, key);
    if (controller === undefined || lines === undefined) continue;
    const version = facts.controllers[controller]?.version;
    if (version === 2) replace(draft, controller, file, lines, key);
    else if (version === 1) draft.otherVersion(key, 2, `the ${controller} controller of this board is on cgroups v1`);
    else draft.absent(controller, key);
  }
}

const CONTROLLERS = { memory: ['memory'], cpu: ['cpu'], blkio: ['blkio', 'io'] } as const;

/**
 * Northstar's `attrs`: raw files of the section's own controller, on whichever version the board has it, written after
 * the section's other keys and instead of what they wrote to the same file.
 */
export function planAttrs(draft: Draft, section: keyof typeof CONTROLLERS, attrs: Record<string, string> = {}): void {
  const names: readonly string[] = CONTROLLERS[section];
  for (const [file, text] of Object.entries(attrs)) {
    const key = `cgroups.${section}.attrs.${file}`;
    const controller = controllerOf(draft, file, key, `of the ${section} controller`);
    const lines = linesOf(draft, text, key);
    if (controller === undefined || lines === undefined) continue;
    if (!names.includes(controller)) {
      refuse(draft, 'TH1201', key, file, `of the ${section} controller`, `a file such as \`${example(section)}\``);
      continue;
    }
    const found = draft.controller(key, ...names);
    if (found === undefined) continue;
    // `blkio` on v1 is `io` on v2: the prefix says which of the two the file is of.
    if (found.name === controller) replace(draft, controller, file, lines, key);
    else draft.otherVersion(key, found.facts.version === 1 ? 2 : 1, `here its files are called \`${found.name}.…\``);
  }
}

function example(section: keyof typeof CONTROLLERS): string {
  return { memory: 'memory.high', cpu: 'cpu.idle', blkio: 'io.max' }[section];
}

/** The controller by the file's prefix; undefined, and refused, when it is no plain name of a controller's file. */
function controllerOf(draft: Draft, file: string, key: string, whose: string): string | undefined {
  const controller = KEY.exec(file)?.[1];
  if (controller === undefined) {
    const code = file.includes('/') || file.includes('..') ? 'TH1211' : 'TH1201';
    refuse(draft, code, key, file, whose, 'a plain file name such as `memory.high`');
    return undefined;
  }
  if (controller !== 'cgroup') return controller;
  draft.error('TH1201', key, `\`${file}\` belongs to the tree itself and is not a setting`, 'remove it');
  return undefined;
}

function refuse(draft: Draft, code: Code, key: string, file: string, whose: string, hint: string): void {
  draft.error(code, key, `\`${visible(file)}\` is not a file ${whose}`, hint);
}

/** A bare newline would be read as 0 (memory.max), which kills the group. NUL ends the text for the kernel. */
function linesOf(draft: Draft, text: string, key: string): string[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > 0 && !text.includes('\0')) return lines;
  draft.error('TH1201', key, `\`${key}\` has no value`, 'write the text as the kernel reads it');
  return undefined;
}

function replace(draft: Draft, controller: string, file: string, lines: string[], key: string): void {
  for (let i = draft.limits.length - 1; i >= 0; i--) {
    const limit = draft.limits[i];
    if (limit?.file === file && limit.controller === controller) draft.limits.splice(i, 1);
  }
  for (const value of lines) draft.put(controller, { file, value, key });
}
