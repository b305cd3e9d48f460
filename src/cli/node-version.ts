import { ThubanError } from '../base/index.ts';

/** Of package.json's `engines`; a test compares. */
export const OLDEST_NODE = [20, 11] as const;

/** Why this Node.js cannot run Thuban, before something that it does not have is missed in the middle of the work. */
export function nodeTooOld(node: string): ThubanError | undefined {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return undefined;
  const needed = OLDEST_NODE.join('.');
  return new ThubanError('TH7007', `this is Node.js ${node}; Thuban needs ${needed} or newer`, {
    hint: `install Node.js ${needed} or newer, and name it where Thuban is started: /path/of/node thuban.mjs`,
    details: { node, needed },
  });
}
