import { isIP } from 'node:net';
import { healthDefaults } from '../defaults.ts';
import { readDuration } from '../quantities/index.ts';
import type { Report } from '../report.ts';
import { readStatus } from '../status-ranges.ts';
import { quote } from '../wording.ts';
import { checkCommand } from './command.ts';
import { bytes, mapAt, numberOf, textAt } from './look.ts';
import { checkPath } from './paths.ts';
import { checkTypedKeys, keysOfType, type TypedKeys } from './typed-keys.ts';

const ALWAYS = ['start_period', 'on_unhealthy'];
const PROBE = ['interval', 'timeout', 'retries', ...ALWAYS];

/** What each kind of check needs and may have beside `type`. */
const KEYS: TypedKeys = {
  exec: { needs: ['command'], may: PROBE },
  http: { needs: ['port'], may: ['host', 'path', 'status', ...PROBE] },
  tcp: { needs: ['port'], may: ['host', ...PROBE] },
  unix: { needs: ['path'], may: PROBE },
  // The program itself says when: there is no interval, and no answer to wait for.
  notify: { needs: [], may: ['watchdog', ...ALWAYS] },
};

const EXAMPLES = { command: ['/bin/check'], port: 8080, path: '/run/app.sock' };

export function keysOfHealth(type: string): string[] | undefined {
  return keysOfType(KEYS, type);
}

/** health: the keys of its type, and values that a check can be made of. */
export function checkHealth(report: Report, input: Record<string, unknown>): void {
  const health = mapAt(input, 'health');
  if (health === undefined) return;
  checkTypedKeys(report, ['health'], health, KEYS, 'a check', EXAMPLES);
  checkCommand(report, ['health', 'command'], health['command']);
  checkHost(report, textAt(health, 'host'));
  checkProbePath(report, textAt(health, 'type'), textAt(health, 'path'));
  checkStatus(report, health['status']);
  checkTimes(report, health);
}

/** An IP address, or a name as in RFC 1123. What looks like neither (`127.0.0.256`) is no name either. */
function checkHost(report: Report, host: string | undefined): void {
  if (host === undefined || isIP(host) !== 0) return;
  const labels = host.length > 253 ? [] : host.split('.');
  const isName =
    labels.length > 0 && labels.every((label) => /^[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?$/.test(label));
  if (isName && !/^[0-9]+$/.test(labels.at(-1) ?? '')) return;
  report.add(['health', 'host'], {
    code: 'TH1201',
    message: `${quote(host)} is not an IP address or the name of a host`,
    hint: 'write for example `host: 127.0.0.1`, `host: ::1` or `host: localhost`',
  });
}

/** sun_path without the NUL byte; unix(7) */
const MAX_SOCKET_PATH = 107;
const MAX_URL_PATH = 2048;

function checkProbePath(report: Report, type: string | undefined, path: string | undefined): void {
  const at = ['health', 'path'];
  if (path === undefined) return;
  if (type === 'unix') {
    checkPath(report, at, path, 'value');
    if (bytes(path) > MAX_SOCKET_PATH)
      report.add(at, {
        code: 'TH1211',
        message: `the path of the socket is ${bytes(path)} bytes long, allowed 1 to ${MAX_SOCKET_PATH}`,
        hint: 'shorten it; the kernel takes no longer path for a socket',
      });
  } else if (type === 'http' && (path.length > MAX_URL_PATH || !/^\/[!-"$-~]*$/.test(path)))
    // A blank or a line break would end the request line, and begin what the manifest does not say.
    report.add(at, {
      code: 'TH1201',
      message: `${quote(path)} is not a path that HTTP can ask for`,
      hint: `begin with \`/\`, write blanks as \`%20\` and no \`#\`, at most ${MAX_URL_PATH} characters`,
    });
}

function checkStatus(report: Report, status: unknown): void {
  if (typeof status !== 'string' && typeof status !== 'number') return;
  const read = readStatus(status);
  if ('fault' in read)
    report.add(['health', 'status'], {
      code: 'TH1201',
      message: `cannot read ${quote(String(status))} as codes of HTTP: ${read.fault}`,
      hint: "write for example `status: 204`, `status: 200-399` or `status: '200,204'`",
    });
}

function checkTimes(report: Report, health: Record<string, unknown>): void {
  const type = textAt(health, 'type');
  const interval = numberOf(health['interval'] ?? healthDefaults.interval, readDuration);
  if (type === 'exec' && interval !== undefined && interval < 1)
    report.add(['health', 'interval'], {
      code: 'TH1312',
      severity: 'warning',
      message: `a check of type exec with an interval of ${String(health['interval'])} starts a process again and again`,
      hint: 'write `interval: 1 s` or more, or choose tcp, http, unix or notify, which start none',
    });
  if (type === 'notify' && numberOf(health['start_period'], readDuration) === 0)
    report.add(['health', 'start_period'], {
      code: 'TH1205',
      message: '`health.start_period` is 0, by when no program has said that it is ready',
      hint: `write \`start_period: ${healthDefaults.ready} s\`, or leave it out`,
    });
}
