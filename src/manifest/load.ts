import { createHash } from 'node:crypto';
import { messageOf, type Diagnostic } from '../base/index.ts';
import { checkQuantities } from './check-quantities.ts';
import { checkRanges } from './check-ranges.ts';
import { checkVariants } from './check-variants.ts';
import type { RestartDefaults } from './defaults.ts';
import { fileFinding, inOrder } from './findings.ts';
import type { ManifestInput } from './generated/manifest-input.d.ts';
import { interpret } from './interpret.ts';
import { manifestLanguage as language } from './manifest-language.ts';
import type { LoadResult } from './manifest.ts';
import { normalise } from './normalise.ts';
import { readBytes, readDocument, type ReadDocument } from './read-document.ts';
import { checkDeviceRules, checkPressure } from './rules/cgroup-devices.ts';
import { checkCgroupParent } from './rules/cgroup-parent.ts';
import { checkConfinement } from './rules/confinement.ts';
import { checkDependencies } from './rules/dependencies.ts';
import { checkHealth } from './rules/health.ts';
import { checkIdentity, checkInit, checkNul } from './rules/identity.ts';
import { checkIsolation } from './rules/isolation.ts';
import { checkLimits } from './rules/limits.ts';
import { isMap, textAt } from './rules/look.ts';
import { checkMounts } from './rules/mounts.ts';
import { checkProcess } from './rules/process.ts';
import { checkRootfs } from './rules/rootfs.ts';
import { checkSchedule } from './rules/schedule.ts';
import { checkSupervision } from './rules/supervision.ts';
import type { KeyPath } from './tree.ts';
import { unsupportedIn } from './unsupported.ts';
import { checkShape } from './validate.ts';

export interface LoadOptions {
  /** How this board restarts what names a policy only. */
  restart?: RestartDefaults;
  /** The zone of schedules that name none. */
  timeZone?: string;
}

/** Reads a manifest from its text. Never throws: every fault is a diagnostic with its place. */
export function loadManifest(text: string | Uint8Array, file: string, options: LoadOptions = {}): LoadResult {
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    const document = readDocument(bytes, file, language);
    return 'fatal' in document ? failure(document.fatal) : check(document, bytes, options);
  } catch (error) {
    const hint = 'report it together with the manifest';
    return failure(fileFinding(file, 'TH9001', `a bug in Thuban: ${messageOf(error)}`, hint));
  }
}

/** The bytes of a manifest file, for whoever needs them beside what they mean. Never throws. */
export function readManifestBytes(path: string): { bytes: Uint8Array } | { fatal: Diagnostic } {
  return readBytes(path, language);
}

/** Reads a manifest from a file. Never throws. */
export function readManifestFile(path: string): LoadResult {
  const read = readManifestBytes(path);
  return 'fatal' in read ? failure(read.fatal) : loadManifest(read.bytes, path);
}

/** The findings about a document, and the manifest if there are no errors among them. */
export function check(document: ReadDocument, bytes: Uint8Array, options: LoadOptions): LoadResult {
  const { report } = document;
  const { source } = report;
  const input = interpret(report.root, language.shape);
  checkQuantities(report, input, language.shape);
  if (isMap(input)) {
    checkNul(report, input);
    checkIdentity(report, input);
    checkInit(report, textAt(input, 'init'));
    checkProcess(report, input);
    checkMounts(report, input);
    checkRootfs(report, input);
    checkLimits(report, input);
    checkSchedule(report, input, options.timeZone);
    checkIsolation(report, input);
    checkCgroupParent(report, input);
    checkDeviceRules(report, input);
    checkPressure(report, input);
    checkHealth(report, input);
    checkDependencies(report, input);
    checkSupervision(report, input);
    checkConfinement(report, input);
  }
  // After the rules, which can say more of the same value: of two findings at one place the first stays.
  checkVariants(report, input, language.shape);
  checkRanges(report, input, language.shape);
  checkShape(report, input, language);
  const found = (): Diagnostic[] => inOrder([...document.diagnostics, ...report.sorted()]);
  const faults = found();
  if (faults.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics: faults };
  // Every check above has passed, and one of them was the schema.
  const manifest = normalise(input as ManifestInput, options);
  for (const { path, ...finding } of unsupportedIn(manifest))
    report.add(path, { code: 'TH1107', severity: 'warning', ...finding, at: 'key' });
  return {
    ok: true,
    diagnostics: found(),
    manifest: {
      manifest,
      file: source.file,
      digest: createHash('sha256').update(bytes).digest('hex'),
      position: (path: KeyPath) => ({ file: source.file, ...source.place(report.span(path, 'value').offset) }),
      span: (path: KeyPath, at) => {
        const { offset, length } = report.span(path, at);
        return { ...source.place(offset), length };
      },
    },
  };
}

function failure(diagnostic: Diagnostic): LoadResult {
  return { ok: false, diagnostics: [diagnostic] };
}
