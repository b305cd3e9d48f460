export { codes, type Code, type CodeFacts } from './codes.ts';
export { ThubanError, errnoOf, hasErrno, isAboutText, messageOf } from './errors.ts';
export type { Diagnostic, Position, ThubanErrorOptions } from './errors.ts';
export { removeStaleTemps, writeAtomically, writeAtomicallyWith, type AtomicWriteOptions } from './atomic-file.ts';
export { diskOf } from './disk.ts';
export { errnoText, reasonOf } from './errno-text.ts';
export { Cleanup } from './disposal.ts';
export { systemClock, type Clock } from './clock.ts';
export { failpoint, failpoints, type Failpoint } from './failpoint.ts';
export {
  count,
  formatBytes,
  formatDuration,
  formatPercent,
  formatRate,
  formatShare,
  formatShortDuration,
} from './format.ts';
export { identityOf, isSameFile, type FileIdentity, type ImageFile } from './image-file.ts';
export { nextStep } from './next-step.ts';
export { placesOf, systemPlaces, type Places } from './places.ts';
export { suggest } from './suggest.ts';
export { beginning, widthOf, wrapWords } from './text-width.ts';
export { checkTrustedFolder, type TrustOptions } from './trusted.ts';
export { openTrustedFile, readTrustedFile } from './trusted-file.ts';
export { builtAt, version } from './version.ts';
export { visible } from './visible.ts';
