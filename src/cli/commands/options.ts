import { Option } from 'commander';

/** Flags that several commands have, so that the same flag means the same everywhere. */
export function cgroupParent(): Option {
  return new Option('--cgroup-parent <path>', 'put containers below this cgroup').default('self');
}
