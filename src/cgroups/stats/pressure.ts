import type { KernelFs } from '../kernel-fs.ts';
import { readIf } from '../read.ts';
import type { Pressure, PressureStats } from './types.ts';
import { readCounter } from './values.ts';

/** A `*.pressure` file by its path. */
export function readPressure(fs: KernelFs, path: string): PressureStats | null {
  return pressure(readIf(fs, path));
}

/**
 * `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and `full …`. null for a file that is not there (no CONFIG_PSI, or switched off with
 * `psi=0` or cgroup.pressure); `cpu` has no `full` before 5.13.
 */
export function pressure(text: string | undefined): PressureStats | null {
  if (text === undefined) return null;
  const lines = new Map(text.split('\n').map((line) => [line.split(' ', 1)[0], line]));
  const [some, full] = [line(lines.get('some')), line(lines.get('full'))];
  return some === null && full === null ? null : { some, full };
}

function line(text: string | undefined): Pressure | null {
  if (text === undefined) return null;
  const values = new Map(
    text
      .split(' ')
      .slice(1)
      .map((pair): [string, string] => {
        const [key = '', value = ''] = pair.split('=');
        return [key, value];
      }),
  );
  const average = (key: string): number | null => {
    const value = values.get(key) ?? '';
    return /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
  };
  return {
    avg10: average('avg10'),
    avg60: average('avg60'),
    avg300: average('avg300'),
    total_us: readCounter(values.get('total')),
  };
}
