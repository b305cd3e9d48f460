import type { ParsedFields } from 'node-cron';
import { comesTwiceIn, readCron } from '../cron.ts';
import { scheduleDefaults } from '../defaults.ts';
import type { Report } from '../report.ts';
import { checkTimeZone, clockGap } from '../time-zones.ts';
import type { KeyPath } from '../tree.ts';
import { quote } from '../wording.ts';
import { mapAt, textAt } from './look.ts';

/** schedule: a cron text that comes at some time, in a zone that there is, and nothing beside it that starts the container too. */
export function checkSchedule(report: Report, input: Record<string, unknown>, zoneOfBoard?: string): void {
  const long = mapAt(input, 'schedule');
  const written = long === undefined ? textAt(input, 'schedule') : textAt(long, 'cron');
  const at: KeyPath = long === undefined ? ['schedule'] : ['schedule', 'cron'];
  const zone = textAt(long, 'time_zone');
  const isZone = zone === undefined || checkTimeZone(report, ['schedule', 'time_zone'], zone);
  if (written !== undefined) {
    const cron = readCron(written);
    if ('fault' in cron)
      report.add(at, {
        code: 'TH1207',
        message: `cannot read ${quote(written)} as a schedule: ${cron.fault.reason}`,
        hint: cron.fault.hint,
      });
    else if (isZone)
      warnOfClocks(report, zone === undefined ? at : ['schedule', 'time_zone'], zone ?? zoneOfBoard, cron.fields);
  }
  if (long !== undefined || written !== undefined) checkOthers(report, input);
}

function warnOfClocks(
  report: Report,
  path: KeyPath,
  zone: string = scheduleDefaults.time_zone,
  fields: ParsedFields,
): void {
  const gap = clockGap(zone);
  if (gap === undefined || !comesTwiceIn(fields, gap)) return;
  const between = `from ${timeOfDay(gap.from)} to ${timeOfDay(gap.to)}`;
  report.add(path, {
    code: 'TH1313',
    severity: 'warning',
    message: `the clocks of ${quote(zone)} go ${between} once a year, and what is due in between or right then is one run`,
    hint: 'write `time_zone: UTC`, where every hour comes once',
  });
}

function timeOfDay(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** A container that the clock starts is not also one that always runs. */
function checkOthers(report: Report, input: Record<string, unknown>): void {
  const restart = mapAt(input, 'restart');
  const policy = restart === undefined ? textAt(input, 'restart') : textAt(restart, 'policy');
  const path = restart === undefined ? ['restart'] : ['restart', 'policy'];
  if (policy === 'always')
    report.add(path, {
      code: 'TH1306',
      message: '`schedule` and `restart: always` exclude each other',
      hint: 'write `on_failure` to repeat a run that failed, or remove `schedule` for a container that always runs',
      related: { path: ['schedule'], at: 'key', label: 'starts it by the clock' },
    });
  if (input['autostart'] !== undefined)
    report.add(['autostart'], {
      code: 'TH1306',
      message: '`schedule` and `autostart` exclude each other',
      hint: 'remove `autostart`, or remove `schedule` for a container that starts with Thuban',
      at: 'key',
      related: { path: ['schedule'], at: 'key', label: 'starts it by the clock' },
    });
}
