import { formatDuration } from '../base/index.ts';
import type { Manifest, Mount } from '../manifest/index.ts';
import type { Attribute, Step } from '../launcher/index.ts';
import { absolute, type LaunchDraft } from './plan-draft.ts';
import { idsOnBoard } from './plan-users.ts';

export type DeviceMount = Mount & { type: 'device' };

export function deviceMounts(manifest: Manifest): [target: string, mount: DeviceMount][] {
  return Object.entries(manifest.mounts ?? {}).filter(
    (entry): entry is [string, DeviceMount] => entry[1].type === 'device',
  );
}

/** The nodes, which have to be made before there is a root. Their owner is the container's user. */
export function planNodes(manifest: Manifest, draft: LaunchDraft): void {
  for (const [written, mount] of deviceMounts(manifest)) {
    const target = absolute(written);
    const key = `mounts.${target}`;
    const fact = draft.facts.paths[mount.host];
    if (fact?.device === undefined) {
      missingDevice(target, mount, draft);
      continue;
    }
    const { device } = fact;
    const { mode, optional = false } = mount;
    const source = draft.resolved(mount.host);
    if (draft.facts.rootless !== undefined) continue; // only the board's own node is one: see deviceStep
    draft.steps.push({ op: 'node', source, ...device, mode, ...idsOnBoard(manifest), optional, key });
    draft.devices.add({ target, rule: { allow: true, ...device, access: mount.access } });
  }
}

/** Undefined: it is optional and not there. */
export function deviceStep(target: string, mount: DeviceMount, draft: LaunchDraft): Step | undefined {
  if (draft.facts.rootless !== undefined) return boardsNode(target, mount, draft);
  const index = draft.devices.indexOf(target);
  return index === undefined ? undefined : { op: 'device', index, target, optional: mount.optional ?? false };
}

/** Without root: as far as its mode lets this user open it. */
function boardsNode(target: string, { host, optional = false }: DeviceMount, draft: LaunchDraft): Step | undefined {
  if (draft.facts.paths[host]?.device === undefined) return undefined;
  const attributes: Attribute[] = ['nosuid', 'noexec'];
  return { op: 'bind', source: draft.resolved(host), target, attributes, recursive: false, optional };
}

function missingDevice(target: string, { host, optional, wait }: DeviceMount, draft: LaunchDraft): void {
  const key = `mounts.${target}.host`;
  const fact = draft.facts.paths[host];
  if (fact === undefined) {
    const hint = 'take them on the board with: thuban plan --json FILE > facts.json';
    draft.problem('TH3009', `the facts do not say which device \`${host}\` is`, hint, key);
    return;
  }
  if (fact.type !== 'missing') {
    const what = fact.type === 'directory' ? 'a directory' : 'a file';
    draft.problem('TH3009', `\`${host}\` is ${what}, and no device node`, 'ls -l shows `b` or `c` first', key);
    return;
  }
  if (optional === true) {
    draft.notes.push({ message: `${target} is skipped: there is no device ${host}`, key });
    return;
  }
  const waits =
    wait === 0 ? '' : `, which a start waits for ${wait === 'unlimited' ? 'without end' : formatDuration(wait * 1000)}`;
  const hint =
    wait === 0
      ? '`wait: 10 s` waits until it is plugged in, `optional: true` starts without it'
      : 'plug it in, or `optional: true` to start without it then';
  draft.problem('TH3009', `there is no device \`${host}\`${waits}`, hint, key);
}
