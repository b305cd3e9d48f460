import type { DeviceRule } from '../manifest/index.ts';

/** A device of the host that the container gets a node of. */
interface PlannedDevice {
  target: string;
  rule: DeviceRule;
}

/** The devices of a plan, in the order of the steps that make their nodes. */
export class PlannedDevices {
  readonly #list: PlannedDevice[] = [];

  add(device: PlannedDevice): void {
    this.#list.push(device);
  }

  /** Which of the nodes this target shows; undefined where there is none. */
  indexOf(target: string): number | undefined {
    const index = this.#list.findIndex((device) => device.target === target);
    return index === -1 ? undefined : index;
  }

  /** What the manifest says, and after it what its mounts need: a node that cannot be opened would be of no use. */
  rules(own: readonly DeviceRule[] | undefined): DeviceRule[] | undefined {
    if (this.#list.length === 0) return own === undefined ? undefined : [...own];
    return [...(own ?? []), ...this.#list.map(({ rule }) => rule)];
  }

  /** A key of `cgroups.devices` that the manifest does not have is that of the mount which the rule comes from. */
  keyOf(key: string, own: readonly DeviceRule[] = []): string {
    const [, index] = /^cgroups\.devices(?:\.(\d+))?(?:\.|$)/.exec(key) ?? [];
    const at = index === undefined ? (own.length === 0 ? 0 : -1) : Number(index) - own.length;
    const device = key.startsWith('cgroups.devices') ? this.#list[at] : undefined;
    return device === undefined ? key : `mounts.${device.target}`;
  }
}
