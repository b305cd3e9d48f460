export { codes, type Code } from './codes.ts';
export { ThubanError, errnoOf, hasErrno, messageOf } from './errors.ts';
export type { Diagnostic, Position, ThubanErrorOptions } from './errors.ts';
export { Cleanup } from './disposal.ts';
export { systemClock, type Clock } from './clock.ts';
export { count, formatBytes, formatDuration } from './format.ts';
export { suggest } from './suggest.ts';
export { version } from './version.ts';
