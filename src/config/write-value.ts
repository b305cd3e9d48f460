import { octal, readQuantity, type Shape } from '../manifest/index.ts';

/** A value as one would write it in YAML, so that reading it gives the value again: `64 MiB`, `1 min`, `20 %`, `0o660`. */
export function writeValue(value: unknown, shape: Shape | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item) => writeValue(item, shape?.items)).join(', ')}]`;
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'number') return String(value);
  if (shape?.quantity === 'file_mode') return octal(value);
  const nice = shape?.quantity === undefined ? undefined : inUnits(shape.quantity, value);
  if (nice === undefined || shape?.quantity === undefined) return String(value);
  const reading = readQuantity(shape.quantity, nice);
  return reading !== undefined && 'value' in reading && reading.value === value ? nice : String(value);
}

/** What no reader of YAML takes for anything but text. */
const PLAIN = /^(?!(null|true|false|yes|no|on|off)$)[a-z/][a-z0-9/._-]*$/i;

function text(value: string): string {
  return PLAIN.test(value) ? value : JSON.stringify(value);
}

const SIZES = ['GiB', 'MiB', 'KiB'] as const;
const TIMES = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** The largest unit that gives a whole number. */
function inUnits(quantity: string, value: number): string | undefined {
  if (quantity === 'share') return `${Number((value * 100).toPrecision(12))} %`;
  if (quantity === 'number_limit') return undefined;
  if (quantity === 'bytes' || quantity === 'bytes_limit') {
    const power = SIZES.findIndex((_, i) => value > 0 && value % 1024 ** (3 - i) === 0);
    return power < 0 ? undefined : `${value / 1024 ** (3 - power)} ${SIZES[power] ?? ''}`;
  }
  if (value > 0 && value < 1) return `${Number((value * 1000).toPrecision(12))} ms`;
  const unit = TIMES.find(([, seconds]) => value >= seconds && value % seconds === 0);
  return unit === undefined ? undefined : `${value / unit[1]} ${unit[0]}`;
}
