import { keyShape } from './interpret.ts';
import {
  readCount,
  readCpuTime,
  readDuration,
  readMemoryLimit,
  readQuota,
  readRate,
  readShare,
  readSize,
  readUint64,
  tooLarge,
  type Complaint,
  type Reading,
} from './quantities/index.ts';
import type { Report } from './report.ts';
import type { Shape } from './shape.ts';
import type { KeyPath } from './tree.ts';
import { quote } from './wording.ts';

type Reader = (written: string | number) => Reading;

/** RLIM_INFINITY, which programs print as a number. */
const INFINITE = 2 ** 64;

const readers: Record<string, Reader> = {
  size: atLeast(readSize, 1, '0 would mean no limit to the kernel'),
  memory_limit: readMemoryLimit,
  rate: atLeast(readRate, 0),
  duration: readDuration,
  cpu_time: readCpuTime,
  cpu_quota: (written) => readQuota(written, 100_000),
  share: readShare,
  count_limit: (written) => readCount(written, -1),
  restart_count: (written) => readCount(written, Infinity, 0),
  bytes: readSize,
  bytes_limit: orUnlimited(readSize),
  number_limit: (written) => readCount(written, Infinity, 0),
  duration_limit: orUnlimited(readDuration),
  u64: readUint64,
  rlimit_value: (written) => (written === INFINITE ? { value: Infinity } : readCount(written, Infinity, 0)),
};

function atLeast(read: Reader, minimum: number, why?: string): Reader {
  return (written) => {
    const reading = read(written);
    if ('complaint' in reading || reading.value >= minimum) return reading;
    const complaint: Complaint = {
      code: 'TH1205',
      message: `${quote(String(written))} is out of range, allowed from ${minimum}`,
      hint: `write \`${minimum}\` or more`,
    };
    if (why !== undefined) complaint.label = why;
    return { complaint };
  };
}

function orUnlimited(read: Reader): Reader {
  return (written) => (written === 'unlimited' ? { value: Infinity } : read(written));
}

/** Reads a quantity by its name in the schema; undefined for a name that has no reader. */
export function readQuantity(name: string, written: string | number): Reading | undefined {
  return readers[name]?.(written);
}

/** Reads every quantity of a document and reports those that cannot be read, and numbers too large to be exact. */
export function checkQuantities(report: Report, value: unknown, shape: Shape | undefined, path: KeyPath = []): void {
  if (typeof value === 'string' || typeof value === 'number') {
    const read = shape?.quantity === undefined ? undefined : readers[shape.quantity];
    if (read !== undefined) tell(report, path, read(value));
    else if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) report.add(path, tooLarge(value));
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => {
      checkQuantities(report, item, shape?.items, [...path, i]);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value))
      checkQuantities(report, inner, keyShape(shape, key), [...path, key]);
  }
}

function tell(report: Report, path: KeyPath, reading: Reading): void {
  if ('complaint' in reading) report.add(path, reading.complaint);
  else if (reading.warning !== undefined) report.add(path, { ...reading.warning, severity: 'warning' });
}
