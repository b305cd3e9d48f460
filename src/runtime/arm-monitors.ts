import { ThubanError } from '../base/index.ts';
import { monitorRefusal, type Monitor, type Notice } from '../cgroups/index.ts';
import type { LauncherClient } from '../launcher/index.ts';

/** The version of the launcher's protocol that has monitors. */
const MONITORS_SINCE = 2;

/**
 * Has the launcher watch for memory pressure, before the program exists. Gives the monitors that there are now; what `best_effort` lets pass is
 * added to `degraded`.
 */
export async function armMonitors(
  launcher: LauncherClient,
  id: bigint,
  monitors: readonly Monitor[],
  degraded: Notice[],
): Promise<Monitor[]> {
  const armed: Monitor[] = [];
  for (const monitor of monitors) {
    const refused = await arm(launcher, id, monitor);
    if (refused === undefined) armed.push(monitor);
    else if (monitor.optional === true) degraded.push(refused);
    else throw errorOf(refused, monitor);
  }
  return armed;
}

async function arm(launcher: LauncherClient, id: bigint, monitor: Monitor): Promise<Notice | undefined> {
  const { kind, file, text, key } = monitor;
  if (launcher.protocol < MONITORS_SINCE)
    return {
      code: 'TH2015',
      message: `the launcher (pid ${launcher.pid}) is of version ${launcher.build}, which cannot watch pressure`,
      hint: 'it ends with an orderly end of the daemon, and all containers with it: `thuban shutdown`, then start the daemon',
      key,
    };
  const answer = await launcher.monitor(id, kind, file, text);
  return answer === 'OK' ? undefined : monitorRefusal(monitor, answer);
}

function errorOf({ code, message, hint, key }: Notice, { file, text }: Monitor): ThubanError {
  return new ThubanError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    details: { key, file, value: text },
  });
}
