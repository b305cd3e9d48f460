export { readCount, readShare } from './counts.ts';
export { oldOctal, tooLarge, type Complaint, type Reading, type Written } from './reading.ts';
export { readMemoryLimit, readRate, readSize } from './sizes.ts';
export { exactUint64, readUint64 } from './uint64.ts';
export { readCpuTime, readDuration, readQuota } from './times.ts';
