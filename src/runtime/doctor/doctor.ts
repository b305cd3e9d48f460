import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, hasErrno, messageOf } from '../../base/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import { gatherFacts } from '../facts.ts';
import { containerId } from '../plan.ts';
import { Session } from '../session.ts';
import { deviceRules } from './devices.ts';
import { wholeDiskOf } from './disk.ts';
import { features } from './features.ts';
import { freezer, pressure } from './freezer.ts';
import { ioThrottle } from './io-throttle.ts';
import { cpuQuota, memoryLimit, pidsLimit, swapLimit } from './limits.ts';
import { isRoot } from '../rootless.ts';
import { NOBODY } from './probe.ts';
import { checks, type CheckInfo, type CheckName } from './table.ts';
import type { Check, Finding } from './types.ts';

export interface DoctorOptions {
  dataDir: string;
  parent?: string;
  /** What is installed, to say whom a problem concerns. */
  installed: readonly LoadedManifest[];
}

/** Where one kind of controller is on this board. */
export interface ControllerPlace {
  name: string;
  version: 1 | 2;
  mountpoint: string;
}

export interface Diagnosis {
  checks: Check[];
  controllers: ControllerPlace[];
  layout: string;
  /** Milliseconds. */
  duration: number;
}

/** Tries on this kernel, in throw-away containers, what manifests may ask for. Nothing of it is left behind. */
export async function diagnose({ dataDir, parent, installed }: DoctorOptions): Promise<Diagnosis> {
  const began = performance.now();
  const { cgroups, swap } = gatherFacts(undefined, [], { parent });
  const found = new Map<CheckName, Finding>();
  const note = async (check: CheckName, finding: Promise<Finding> | Finding): Promise<void> => {
    found.set(check, await settled(finding));
  };
  sweepFolders(dataDir);
  {
    await using session = await Session.open({ prefix: 'thuban-doctor-', ...(parent === undefined ? {} : { parent }) });
    const swapTried = settled(swapLimit(session, swap));
    await Promise.all([
      note('swap limit', swapTried),
      note(
        'memory limit',
        swapTried.then((one) => memoryLimit(session, one.result !== 'absent')),
      ),
      note(
        'cpu quota',
        cpuQuota(session, async (probe) => {
          await note('pressure', pressure(probe));
          await note('freezer', freezer(probe));
        }),
      ),
      note('pids limit', pidsLimit(session)),
      note('device rules', deviceRules(session)),
      note('io throttle', tryIo(session, dataDir)),
    ]);
  }
  for (const [check, finding] of Object.entries(features(dataDir))) found.set(check as CheckName, finding);
  return {
    checks: checks.map((info) => judge(info, found.get(info.check) ?? NOT_REACHED, installed)),
    controllers: Object.entries(cgroups.controllers).map(([name, { version, mountpoint }]) => ({
      name,
      version,
      mountpoint,
    })),
    layout: cgroups.layout,
    duration: performance.now() - began,
  };
}

/** The one it is tried beside could not be. */
const NOT_REACHED: Finding = {
  result: 'not tried',
  proof: 'it is tried with the CPU quota, which was not',
  harmless: true,
};

/** No controller, no file, only on the other version, no device program. */
const ABSENT: readonly string[] = ['TH2001', 'TH2002', 'TH2003', 'TH2008'];

/** What a plan or the kernel refuses is what was to be found out. */
async function settled(finding: Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await finding;
  } catch (error) {
    if (!(error instanceof ThubanError)) throw error;
    const isAbsent = ABSENT.includes(error.code);
    // Where only a mount is missing, the kernel needs no other options.
    const remedy = error.code === 'TH2001' && error.hint?.startsWith('mount ') === true ? { remedy: error.hint } : {};
    return { result: isAbsent ? 'absent' : 'not tried', proof: error.message, ...remedy };
  }
}

/** Pure: what a finding means for what is installed. */
export function judge(info: CheckInfo, finding: Finding, installed: readonly LoadedManifest[]): Check {
  const { result, proof } = finding;
  const base = { check: info.check, result, proof };
  if (result === 'enforced' || result === 'present') return { ...base, status: 'ok', affects: [] };
  const affects = installed
    .filter(({ manifest, image }) => info.needs(manifest, image !== undefined))
    .map(({ manifest }) => containerId(manifest));
  const isRemark =
    result === 'not tried' || finding.harmless === true || (affects.length === 0 && info.optional === true);
  const usual = typeof info.remedy === 'string' ? info.remedy : info.remedy(finding);
  // What could not be tried may well be there.
  const remedy = finding.remedy ?? (result === 'not tried' ? undefined : usual);
  return {
    ...base,
    ...(remedy === undefined ? {} : { remedy }),
    ...(info.kernel_option === undefined || remedy !== usual ? {} : { kernel_option: info.kernel_option }),
    status: isRemark ? 'remark' : 'problem',
    affects,
  };
}

const FOLDER = /^\.thuban-doctor-(\d+)$/;

/** What a doctor that was killed has left on the disk; its containers and groups went with its launcher. */
function sweepFolders(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  for (const name of readdirSync(dataDir)) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}

async function tryIo(session: Session, dataDir: string): Promise<Finding> {
  if (!existsSync(dataDir)) return { result: 'not tried', proof: `${dataDir} does not exist`, harmless: true };
  const disk = wholeDiskOf(dataDir);
  if (disk === undefined)
    return { result: 'not tried', proof: `${dataDir} lies on no disk of its own`, harmless: true };
  const folder = join(dataDir, `.thuban-doctor-${process.pid}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
    if (isRoot()) chownSync(folder, NOBODY, NOBODY);
    else chmodSync(folder, 0o777); // whichever id of this user the probe has
    return await ioThrottle(session, { folder, disk });
  } catch (error) {
    if (!hasErrno(error, 'EROFS', 'ENOSPC', 'EACCES')) throw error;
    return { result: 'not tried', proof: messageOf(error), harmless: true };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
