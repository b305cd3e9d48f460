import type { Namespace } from '../launcher/index.ts';
import type { Network } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';

/** Where `ip netns add` keeps namespaces (ip-netns(8)). */
export const NETWORK_NAMESPACES = '/run/netns';

/** Namespaces of the clone itself, and how the container comes into a network that is there already. */
export function planNamespaces(network: Network | undefined, draft: LaunchDraft): void {
  const own = network === undefined || network === 'none';
  const namespaces: Namespace[] = ['pid', 'mount', 'ipc', 'uts'];
  draft.steps.push({ op: 'namespaces', namespaces: own ? [...namespaces, 'net'] : namespaces });
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
