import { formatBytes, formatDuration } from '../../base/index.ts';
import { HOOK_TIMEOUT, logDefaults, stopDefaults, updateDefaults } from '../defaults.ts';
import { readDuration, readSize } from '../quantities/index.ts';
import type { Report } from '../report.ts';
import { checkCommand } from './command.ts';
import { mapAt, numberOf, textAt } from './look.ts';

/** standby, stop, logs, update: what must stand beside each other. */
export function checkSupervision(report: Report, input: Record<string, unknown>): void {
  checkStandby(report, input);
  checkStop(report, mapAt(input, 'stop'));
  checkLogs(report, input);
  checkUpdate(report, mapAt(input, 'update'));
}

/** What is prepared is prepared when Thuban starts, which is what `autostart` says. */
function checkStandby(report: Report, input: Record<string, unknown>): void {
  if (input['standby'] !== true) return;
  if (input['schedule'] !== undefined)
    report.add(['standby'], {
      code: 'TH1306',
      message: '`schedule` and `standby` exclude each other',
      hint: 'remove `standby`, or remove `schedule` for a container that is started by hand',
      at: 'key',
      related: { path: ['schedule'], at: 'key', label: 'starts it by the clock' },
    });
  else if (input['autostart'] === undefined)
    report.add(['standby'], {
      code: 'TH1104',
      message: '`standby` needs `autostart`, which prepares the container',
      hint: 'add `autostart: relaxed`, or remove `standby`',
      at: 'key',
    });
}

function checkStop(report: Report, stop: Record<string, unknown> | undefined): void {
  for (const key of ['pre_stop', 'post_stop'])
    checkCommand(report, ['stop', key, 'command'], mapAt(stop, key)?.['command']);
  const before = mapAt(stop, 'pre_stop');
  if (before === undefined) return;
  const part = numberOf(before['timeout'] ?? HOOK_TIMEOUT, readDuration);
  const whole = numberOf(stop?.['timeout'] ?? stopDefaults.timeout, readDuration);
  if (part === undefined || whole === undefined || part <= whole) return;
  const isWritten = before['timeout'] !== undefined;
  report.add(isWritten ? ['stop', 'pre_stop', 'timeout'] : ['stop', 'timeout'], {
    code: 'TH1205',
    message: `\`stop.pre_stop.timeout\` is ${inWords(part)}, more than \`stop.timeout\`, which it is a part of and which is ${inWords(whole)}`,
    hint: 'lower `pre_stop.timeout` or raise `stop.timeout`',
  });
}

function inWords(seconds: number): string {
  return formatDuration(seconds * 1000);
}

function checkLogs(report: Report, input: Record<string, unknown>): void {
  const logs = mapAt(input, 'logs');
  if (logs === undefined) return;
  const line = numberOf(logs['max_line'] ?? logDefaults.max_line, readSize);
  const size = numberOf(logs['size'] ?? logDefaults.size, readSize);
  if (line !== undefined && size !== undefined && line > size)
    report.add(['logs', logs['max_line'] === undefined ? 'size' : 'max_line'], {
      code: 'TH1205',
      message: `\`logs.max_line\` is ${formatBytes(line)}, more than \`logs.size\`, which is ${formatBytes(size)}`,
      hint: 'lower `max_line` or raise `size`',
    });
  const [stdout, stderr] = [textAt(mapAt(input, 'io'), 'stdout'), textAt(mapAt(input, 'io'), 'stderr')];
  if (stdout === undefined || stderr === undefined || stdout === 'pipe' || stderr === 'pipe') return;
  if ((textAt(logs, 'target') ?? logDefaults.target) !== 'none')
    report.add(['logs'], {
      code: 'TH1306',
      message: `\`logs\` and \`io: {stdout: ${stdout}, stderr: ${stderr}}\` exclude each other`,
      hint: 'write `pipe` for one of them, or remove `logs`: only what goes to a pipe can be kept',
      at: 'key',
      related: { path: ['io'], at: 'key', label: 'gives nothing to keep' },
    });
}

/** A rollback starts the version before, so that one must be there. */
function checkUpdate(report: Report, update: Record<string, unknown> | undefined): void {
  if (update?.['strategy'] !== 'replace' || update['keep'] !== 0) return;
  if ((textAt(update, 'on_failure') ?? updateDefaults.on_failure) !== 'rollback') return;
  report.add(['update', 'keep'], {
    code: 'TH1306',
    message: '`update.keep: 0` and `update.on_failure: rollback` exclude each other',
    hint: 'write `keep: 1`, or `on_failure: stay`: without the version before there is nothing to go back to',
  });
}
