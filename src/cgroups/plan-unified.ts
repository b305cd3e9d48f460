import { visible } from '../base/index.ts';
import { controllerRemedy } from './controllers.ts';
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
    const match = KEY.exec(file);
    const controller = match?.[1];
    if (controller === undefined) {
      const path = file.includes('/') || file.includes('..');
      draft.error(
        path ? 'TH1211' : 'TH1201',
        key,
        `\`${visible(file)}\` is not a file of cgroups v2`,
        'a plain file name such as `memory.high`',
      );
      continue;
    }
    if (controller === 'cgroup') {
      draft.error('TH1201', key, `\`${file}\` belongs to the tree itself and is not a setting`, 'remove it');
      continue;
    }
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    // A bare newline would be read as 0 (memory.max), which kills the group. NUL ends the text for the kernel.
    if (lines.length === 0 || text.includes('\0')) {
      draft.error('TH1201', key, `\`${key}\` has no value`, 'write the text as the kernel reads it');
      continue;
    }
    const version = facts.controllers[controller]?.version;
    if (version === 2) replace(draft, controller, file, lines, key);
    else if (version === 1) draft.otherVersion(key, 2, `the ${controller} controller of this board is on cgroups v1`);
    else
      draft.unavailable('TH2001', `this kernel offers no ${controller} controller`, controllerRemedy(controller), key);
  }
}

function replace(draft: Draft, controller: string, file: string, lines: string[], key: string): void {
  for (let i = draft.limits.length - 1; i >= 0; i--) {
    const limit = draft.limits[i];
    if (limit?.file === file && limit.controller === controller) draft.limits.splice(i, 1);
  }
  for (const value of lines) draft.put(controller, { file, value, key });
}
