import type { CgroupWrite } from './plan-types.ts';

/**
 * Files that hold several settings, each set by a write of its own. `nested`: `8:0 rbps=1000 wbps=max`, one setting for each word.
 * `lines`: `8:0 1000`, one for each line. `weights`: the same with a default, which older BFQ prints as a bare number.
 */
const FORMS: readonly (readonly [RegExp, 'nested' | 'lines' | 'weights'])[] = [
  [/^(io\.max|io\.latency|rdma\.max)$/, 'nested'],
  [/^(blkio\.throttle\.|blkio\.\S*weight_device$)/, 'lines'],
  [/^(net_prio\.ifpriomap|misc\.max|dmem\.(max|low|min))$/, 'lines'],
  [/^(io|blkio)\.(bfq\.)?weight$/, 'weights'],
];

/** What one write sets, or a file shows: values by what they are about, for example `8:0 rbps`. A file with one value has the name ``. */
export function settingsIn(file: string, text: string): Map<string, string> {
  const form = FORMS.find(([pattern]) => pattern.test(file))?.[1];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // Three lines, of which the first is the setting.
  if (file === 'memory.oom_control') return new Map([['', (lines[0] ?? '').split(' ').at(-1) ?? '']]);
  if (form === undefined) return new Map([['', text.trim()]]);
  const found = new Map<string, string>();
  for (const line of lines) {
    const [subject = '', ...rest] = line.trim().split(/\s+/);
    if (form === 'nested') for (const [word, value] of rest.map(pairOf)) found.set(`${subject} ${word}`, value);
    else if (form === 'weights' && rest.length === 0) found.set('default', subject);
    else found.set(subject, rest.join(' '));
  }
  return found;
}

/** The text that sets one of them. */
export function textOf(file: string, name: string, value: string): string {
  const form = FORMS.find(([pattern]) => pattern.test(file))?.[1];
  if (form === 'nested') return `${name}=${value}`;
  if (form === undefined || (form === 'weights' && name === 'default')) return value;
  return `${name} ${value}`;
}

/** What all of these writes leave behind, by file and name: the last one counts. */
export function settingsOf(
  writes: readonly CgroupWrite[],
): Map<string, { write: CgroupWrite; name: string; value: string }> {
  const all = new Map<string, { write: CgroupWrite; name: string; value: string }>();
  for (const write of writes)
    for (const [name, value] of settingsIn(write.file ?? '', write.value ?? ''))
      all.set(`${write.path}/${write.file ?? ''} ${name}`, { write, name, value });
  return all;
}

function pairOf(word: string): [string, string] {
  const [key = '', value = ''] = word.split('=');
  return [key, value];
}
