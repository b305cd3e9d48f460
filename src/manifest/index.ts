export type {
  AppArmor,
  Console,
  Network,
  Paths,
  Sched,
  Seccomp,
  Selinux,
  Socket,
  SyscallArgs,
  SyscallRule,
  Uint64,
  UserNamespace,
} from './isolation.ts';
export {
  checkAcross,
  couldBe,
  duplicateContainer,
  missingResource,
  type AcrossOptions,
  type Member,
  type UnreadMember,
} from './across/index.ts';
export { identityInText } from './identity-in-text.ts';
export { loadLimits, type LimitsResult } from './load-limits.ts';
export { loadManifest, readManifestBytes, readManifestFile, type LoadOptions } from './load.ts';
export { MAX_BYTES } from './read-document.ts';
export { processDefaults, restartDefaults, scheduleDefaults, stopDefaults, type RestartDefaults } from './defaults.ts';
export { renderDiagnosticLine, renderDiagnostics, type RenderOptions } from './render.ts';
export { toNorthstarJson } from './northstar-json.ts';
export { checkRequirement, compareVersions, satisfies } from './versions.ts';
export type {
  CgroupsSection,
  DeviceRate,
  DeviceRule,
  LoadResult,
  LoadedManifest,
  Manifest,
  MemoryPressure,
  Mount,
  Output,
  Overlay,
  Process,
  Restart,
  Rlimit,
  Rootfs,
  Schedule,
  Stop,
} from './manifest.ts';
export { readStatus, type StatusRange } from './status-ranges.ts';
export type { Dependency, Health, Hook, Logs, Update } from './supervision.ts';

// The reader of documents, for the other language that is written in YAML: the configuration.
export { checkQuantities, readQuantity } from './check-quantities.ts';
export { checkRanges, octal } from './check-ranges.ts';
export { countFindings, fileFinding, inOrder } from './findings.ts';
export { interpret, keyShape } from './interpret.ts';
export type { Language, Unsupported } from './language.ts';
export { unsupportedIn, type NotSupported } from './unsupported.ts';
export { valueOf } from './values.ts';
export { readCount, readDuration, readShare, readSize, type Reading } from './quantities/index.ts';
export { readBytes, readDocument, unreadable, type ReadDocument } from './read-document.ts';
export { isUnsupportedKey } from './refusal.ts';
export { Report, type Finding } from './report.ts';
export { checkNul } from './rules/identity.ts';
export { isMap, listAt, mapAt, textAt } from './rules/look.ts';
export { checkPath } from './rules/paths.ts';
export type { SchemaError, Shape } from './shape.ts';
export { Source } from './source.ts';
export { checkTimeZone } from './time-zones.ts';
export { find, formatPath, type KeyPath, type Span, type TreeNode } from './tree.ts';
export { checkShape } from './validate.ts';
export { quote } from './wording.ts';
export { missing } from './words-of-keys.ts';
