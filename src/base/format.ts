const KIB = 1024;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in IEC units, three significant digits: `3.1 MiB`, `88 MiB`, `1.8 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= KIB && unit < UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  const digits = unit === 0 || Math.abs(value) >= 10 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? 'B'}`;
}

/** Milliseconds in the largest unit that reads well: `4 ms`, `212 ms`, `4.2 s`, `12 s`, `2 min 5 s`, `3 h 4 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${trimZero((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const steps = [
    [86_400, 'd', 3600, 'h'],
    [3600, 'h', 60, 'min'],
    [60, 'min', 1, 's'],
  ] as const;
  for (const [big, bigName, small, smallName] of steps) {
    if (seconds < big) continue;
    const rest = Math.floor((seconds % big) / small);
    return `${Math.floor(seconds / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
  }
  return `${seconds} s`;
}

/** Milliseconds as tables show them, without blanks: `212ms`, `12s`, `2m5s`, `3h4m`, `3d4h`. With `units` 1 only the largest: `3d`. */
export function formatShortDuration(ms: number, units: 1 | 2 = 2): string {
  if (ms < 1000) return `${Math.max(0, Math.floor(ms))}ms`;
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([n]) => n > 0);
  return parts
    .slice(first, first + units)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n}${unit}`)
    .join('');
}

/**
 * Bytes out of a limit, in the limit's unit: `88/96 MiB`, `3.1/32 MiB`; each in its own where one would not read well:
 * `12 KiB/2 GiB`. `?` stands for a use that is not known.
 */
export function formatShare(bytes: number | null, limit: number): string {
  const whole = formatBytes(limit);
  if (bytes === null) return `?/${whole}`;
  const [number = '', unit = ''] = whole.split(' ');
  const inUnit = (bytes * Number(number)) / limit;
  if (bytes > 0 && inUnit < 0.1) return `${formatBytes(bytes)}/${whole}`;
  return `${inUnit >= 10 || Number.isInteger(inUnit) ? Math.round(inUnit) : inUnit.toFixed(1)}/${number} ${unit}`;
}

/** Percent with two significant digits, its base told by a header or legend: `61%`, `2.0%`, `0.3%`. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 9.95 ? percent.toFixed(1) : Math.round(percent)}%`;
}

const RATES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in a second, in SI units and at most seven characters: `0 B/s`, `8 kB/s`, `1.2MB/s`, `120MB/s`. */
export function formatRate(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < RATES.length - 1) {
    value /= 1000;
    unit++;
  }
  const number = unit > 0 && value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));
  const text = `${number} ${RATES[unit] ?? 'B'}/s`;
  return text.length > 7 ? text.replace(' ', '') : text;
}

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}

/** `1 step`, `2 steps`. */
export function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}
