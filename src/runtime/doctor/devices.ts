import type { Session } from '../session.ts';
import { Probe } from './probe.ts';
import type { Finding } from './types.ts';

const PATIENCE_MS = 10_000;

/** Both nodes are there for everybody, so that only the rules make a difference. */
const SCRIPT = '(exec 3< /dev/zero) && echo zero; (exec 3< /dev/null) && echo null; :';

/** A program that may open /dev/zero and nothing else is refused /dev/null. */
export async function deviceRules(session: Session): Promise<Finding> {
  const probe = await Probe.start(session, {
    name: 'devices',
    script: SCRIPT,
    cgroups: {
      devices: [
        { allow: false, type: 'a', access: 'rwm' },
        { allow: true, type: 'c', major: 1, minor: 5, access: 'r' },
      ],
    },
  });
  const exit = await probe.endsWithin(PATIENCE_MS);
  if (exit === undefined) await probe.kill();
  return judgeDevices(probe.output);
}

/** Pure: from what the shell wrote. A node that could not be opened for another reason is no proof. */
export function judgeDevices(output: string): Finding {
  const opened = output.split('\n').filter((line) => line === 'zero' || line === 'null');
  if (opened.includes('null')) return { result: 'ignored', proof: '/dev/null was opened, against the rules' };
  if (!opened.includes('zero'))
    return { result: 'ignored', proof: `/dev/zero, which the rules allow, was not opened: ${firstLine(output)}` };
  if (!output.includes('not permitted'))
    return { result: 'not tried', proof: `/dev/null was not opened, but for another reason: ${firstLine(output)}` };
  return { result: 'enforced', proof: 'opening /dev/null refused (EPERM), /dev/zero opened' };
}

function firstLine(output: string): string {
  return output.split('\n').find((line) => line !== '' && line !== 'zero') ?? 'it did not end';
}
