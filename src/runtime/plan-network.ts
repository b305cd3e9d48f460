import type { Namespace } from '../launcher/index.ts';
import type { Manifest, Network } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';
import { planUserNamespace } from './plan-users.ts';

/** Where `ip netns add` keeps namespaces (ip-netns(8)). */
export const NETWORK_NAMESPACES = '/run/netns';

/** Namespaces of the clone itself, and how the container comes into a network that is there already. */
export function planNamespaces(manifest: Manifest, draft: LaunchDraft): void {
  const { network } = manifest;
  const own = network === undefined || network === 'none';
  const namespaces: Namespace[] = ['pid', 'mount', 'ipc', 'uts'];
  planUserNamespace(manifest, own ? [...namespaces, 'net'] : namespaces, draft);
  if (own || network === 'host') return;
  const { namespace } = network;
  const file = `${NETWORK_NAMESPACES}/${namespace}`;
  // Before anything is mounted: /sys shows the devices of the network that it is mounted in.
  draft.steps.push({ op: 'network_namespace', file, key: 'network' });
  if (draft.facts.paths[file]?.type !== 'missing') return;
  draft.problem('TH3008', `no network namespace \`${namespace}\``, `ip netns add ${namespace}`, 'network');
}

/** A network of its own begins with its loopback interface down. */
export function planLoopback(network: Network | undefined, draft: LaunchDraft): void {
  if (network === undefined || network === 'none') draft.steps.push({ op: 'loopback' });
}
