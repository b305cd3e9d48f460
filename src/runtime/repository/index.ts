export { PACKAGE, isRead, isRejected, loadFile, type FileContent, type FileRules } from './load-file.ts';
export { RepositoryFolder, type Look } from './folder.ts';
export type { RejectedManifest } from './rejected.ts';
export {
  Repositories,
  holdingsOf,
  type Claim,
  type Holdings,
  type Refused,
  type RepositoryOptions,
} from './repositories.ts';
export { scanRepository, type Repository } from './scan.ts';
export { VerifiedFile } from './verified-file.ts';
export { RepositoryWatch, type WatchOptions } from './watch.ts';
