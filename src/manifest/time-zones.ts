import { suggest } from '../base/index.ts';
import type { Report } from './report.ts';
import type { KeyPath } from './tree.ts';
import { quote } from './wording.ts';

/** A name of the time zone database; says whether it is. Node.js 22 also takes `+01:00`, which is no name and not understood by Node.js 20. */
export function checkTimeZone(report: Report, path: KeyPath, name: string): boolean {
  if (/^[A-Za-z]/.test(name) && name.length <= 64 && formatOf(name) !== undefined) return true;
  const meant = suggestZone(name);
  const fallback = 'write `UTC`, or a name such as `Europe/Berlin`';
  report.add(path, {
    code: 'TH1208',
    message: `there is no time zone ${quote(name)} on this board`,
    hint: meant === undefined ? fallback : `did you mean \`${meant}\`?`,
    ...(meant === undefined ? {} : { label: `did you mean \`${meant}\`?` }),
  });
  return false;
}

/** A name like it, or the one zone of that city. */
function suggestZone(name: string): string | undefined {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const city = name.trim().replaceAll(' ', '_').toLowerCase();
  const ofCity = zones.filter((zone) => zone.toLowerCase().endsWith(`/${city}`));
  return ofCity.length === 1 ? ofCity[0] : suggest(name, zones);
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    return undefined; // a RangeError: the only way in which Intl says that it does not know the name
  }
}

/** The year is fixed because the clock of a board may stand in 1970, when other rules held, and so that loading depends on the text only. */
const YEAR = 2027;

/** Whether the clocks of a zone change in the course of a year. */
export function changesClocks(zone: string): boolean {
  const format = formatOf(zone);
  if (format === undefined) return false;
  const offsets = Array.from({ length: 12 }, (_, month) => {
    const parts = format.formatToParts(Date.UTC(YEAR, month, 15));
    return parts.find(({ type }) => type === 'timeZoneName')?.value;
  });
  return new Set(offsets).size > 1;
}
