import type { Manifest } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';

/** Before the image is mounted that the label is for. Without SELinux it has no effect, as in Northstar; nor has it on files that have labels. */
export function planRootContext({ selinux, rootfs }: Manifest, draft: LaunchDraft): void {
  const key = 'selinux.mount_context';
  if (selinux?.mount_context === undefined || !hasSelinux(key, draft)) return;
  if (rootfs?.type === 'host' || rootfs?.type === 'dir')
    draft.notes.push({ message: `\`${key}\` has no effect: it is for the image of a package`, key });
  else draft.steps.push({ op: 'root_context', context: selinux.mount_context, key });
}

/** What confines the program from execve on; written while the process still belongs to root, to whom these files of /proc belong. */
export function planLabels({ selinux, apparmor }: Manifest, draft: LaunchDraft): void {
  if (selinux?.exec !== undefined && hasSelinux('selinux.exec', draft))
    draft.steps.push({ op: 'security_label', file: 'exec', text: selinux.exec, key: 'selinux.exec' });
  if (apparmor === undefined) return;
  const { modules } = draft.facts;
  if (modules === undefined || modules.includes('apparmor')) {
    const text = `exec ${apparmor.profile}`;
    draft.steps.push({ op: 'security_label', file: 'apparmor/exec', text, key: 'apparmor.profile' });
    return;
  }
  const message = 'this kernel runs without AppArmor';
  const hint = 'boot it with `apparmor=1 lsm=...,apparmor`, or write `optional: true` beside the profile';
  if (apparmor.optional === true) draft.notes.push({ message: `${message}: no profile is set`, key: 'apparmor' });
  else draft.problem('TH2018', message, hint, 'apparmor');
}

function hasSelinux(key: string, draft: LaunchDraft): boolean {
  const { modules } = draft.facts;
  if (modules === undefined || modules.includes('selinux')) return true;
  draft.notes.push({ message: `\`${key}\` has no effect: this kernel runs without SELinux`, key });
  return false;
}
