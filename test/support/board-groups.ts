import type { KernelFs } from '../../src/cgroups/index.ts';
import { BoardGroups } from '../../src/runtime/board-groups.ts';
import { MadeGroups } from '../../src/runtime/made-groups.ts';

/** For a board in memory, whose containers have no `cgroups.parent`. */
export function boardGroups(fs: KernelFs): BoardGroups {
  return new BoardGroups({
    made: new MadeGroups(fs, { folder: '/nonexistent' }),
    keepTop: true,
    onChange: () => undefined,
  });
}
