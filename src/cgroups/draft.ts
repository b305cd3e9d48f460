import type { Code } from '../base/index.ts';
import { absence, knobRemedy } from './controllers.ts';
import type { ControllerFacts, Layout } from './facts.ts';
import type { CgroupRequest, CgroupWrite, DeviceProgram, Monitor, Notice } from './plan-types.ts';

export type Setting = Pick<CgroupWrite, 'tolerate' | 'instead_of' | 'strategy'> & {
  file: string;
  value: string;
  key: string;
};

/** A limit before its directory is known. */
export type Limit = Omit<Setting, 'key'> & { controller: string; key: string; optional?: boolean };

/** How a user gets groups of his own. Those of v1 systemd gives to nobody, as it would not be safe. */
function delegation(layout: Layout): string {
  if (layout === 'v2')
    return 'sudo, or have the groups delegated: `systemd-run --user --scope -p Delegate=yes thuban run FILE`';
  return 'sudo, or leave it out: `enforce: best_effort` starts without it';
}

/** What the section planners write into: limits in order, findings, and the controllers that are needed. */
export class Draft {
  readonly limits: Limit[] = [];
  /** Their files without a directory. All of the memory controller. */
  readonly monitors: Monitor[] = [];
  readonly errors: Notice[] = [];
  readonly warnings: Notice[] = [];
  readonly degraded: Notice[] = [];
  readonly needed = new Set<string>();
  /** On v2 devices have no controller and no file: any group takes a program. */
  devices: (DeviceProgram & Pick<CgroupWrite, 'key' | 'optional'>) | undefined;
  readonly request: CgroupRequest;

  constructor(request: CgroupRequest) {
    this.request = request;
  }

  /** The controller under the first of these names that the board has (`blkio` on v1 is `io` on v2), or a refusal. */
  controller(key: string, ...names: string[]): { name: string; facts: ControllerFacts } | undefined {
    const { controllers, layout, undelegated = [] } = this.request.facts;
    for (const name of names) {
      const facts = controllers[name];
      if (facts === undefined) continue;
      this.needed.add(name);
      return { name, facts };
    }
    const roots = names.find((one) => undelegated.includes(one));
    const name = roots ?? (layout === 'v2' ? names.at(-1) : names[0]) ?? '';
    this.absent(name, key);
    return undefined;
  }

  /** Adds a limit, unless the board is known to lack the file. */
  put(controller: string, setting: Setting): void {
    const facts = this.request.facts.controllers[controller];
    const file =
      facts?.options?.includes('noprefix') === true ? setting.file.slice(controller.length + 1) : setting.file;
    // What is known to be there needs no alternative.
    if (setting.instead_of !== undefined && facts?.knobs?.includes(setting.instead_of) === true) return;
    if (facts?.knobs !== undefined && !facts.knobs.includes(file)) {
      if (setting.tolerate?.includes('ENOENT') !== true)
        this.unavailable('TH2002', `${file} is missing on this kernel`, knobRemedy(setting.file), setting.key);
      return;
    }
    this.needed.add(controller);
    this.limits.push({ ...setting, controller, file, ...this.#optional() });
  }

  putProgram(key: string, program: DeviceProgram): void {
    this.devices = { ...program, key, ...this.#optional() };
  }

  #optional(): { optional?: true } {
    return this.request.enforce === 'best_effort' ? { optional: true } : {};
  }

  /** Adds a watch on a file of the memory group, unless the board is known to lack the file. */
  monitor(monitor: Monitor): void {
    const facts = this.request.facts.controllers['memory'];
    const noprefix = facts?.options?.includes('noprefix') === true;
    const file = noprefix ? monitor.file.slice('memory.'.length) : monitor.file;
    // Files of PSI are none of the controller's: every v2 group has them.
    if (facts?.version === 1 && facts.knobs?.includes(file) === false) this.lacks(monitor.file, monitor.key);
    else this.monitors.push({ ...monitor, file, ...this.#optional() });
  }

  absent(controller: string, key: string): void {
    const { layout, undelegated = [], unmounted } = this.request.facts;
    if (undelegated.includes(controller)) {
      this.unavailable('TH7001', `only root may limit \`${key}\` here`, delegation(layout), key);
      return;
    }
    const { message, hint } = absence(controller, unmounted);
    this.unavailable('TH2001', message, hint, key);
  }

  lacks(file: string, key: string): void {
    this.unavailable('TH2002', `${file} is missing on this kernel`, knobRemedy(file), key);
  }

  has(controller: string, file: string): boolean | undefined {
    return this.request.facts.controllers[controller]?.knobs?.includes(file);
  }

  error(code: Code, key: string, message: string, hint: string): void {
    this.errors.push({ code, message, hint, key });
  }

  warn(code: Code, key: string, message: string, hint?: string): void {
    this.warnings.push({ code, message, key, ...(hint === undefined ? {} : { hint }) });
  }

  /** A limit that this kernel cannot enforce: an error, or with `best_effort` a mark on the container. */
  unavailable(code: Code, message: string, hint: string, key: string): void {
    (this.request.enforce === 'strict' ? this.errors : this.degraded).push({ code, message, hint, key });
  }

  otherVersion(key: string, only: 1 | 2, instead: string): void {
    this.unavailable('TH2003', `\`${key}\` exists only on cgroups v${only}`, instead, key);
  }

  /** Whether a number can be written at all; a refusal is recorded. */
  inRange(key: string, value: number, min: number, max: number, hint?: string): boolean {
    if (Number.isSafeInteger(value) && value >= min && value <= max) return true;
    const nearest = Number.isFinite(value) ? Math.min(Math.max(Math.round(value), min), max) : min;
    const upper = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
    this.error(
      'TH1205',
      key,
      `\`${key}\` is ${value}, allowed ${min}${upper}${upper === '' ? ' and more' : ''}`,
      hint ?? `write ${nearest}`,
    );
    return false;
  }
}
