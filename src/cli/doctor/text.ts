import { count } from '../../base/index.ts';
import { checks as table, type Check, type ControllerPlace, type Diagnosis } from '../../runtime/index.ts';
import { table as tableOf, type Cell, type Column } from '../table.ts';
import type { Style, Terminal } from '../terminal.ts';
import { pad, widthOf, wrapWords } from '../text-width.ts';

const marks: Readonly<Record<Check['status'], { text: string; style: Style }>> = {
  ok: { text: 'ok', style: 'green' },
  remark: { text: '!!', style: 'yellow' },
  problem: { text: 'NO', style: 'red' },
};

const columns: readonly Column[] = [
  { title: '  ' },
  { title: 'CHECK' },
  { title: 'RESULT' },
  { title: 'PROOF' },
  { title: 'WHAT TO DO' },
];

/** As many as are well and say no more than that share a line. */
const brief: ReadonlySet<string> = new Set(table.filter((info) => 'brief' in info).map(({ check }) => check));
/** Of these the proof is worth reading also when all is well. */
const TOLD: ReadonlySet<string> = new Set(['clock', 'data_dir', 'launcher']);

/** Every check and, in front, every controller with its place. */
export function asChecks({ checks, controllers }: Diagnosis): Check[] {
  const places = controllers.map(({ name, version, mountpoint }): Check => ({
    check: `controller ${name}`,
    result: 'present',
    proof: `cgroups v${version} at ${mountpoint}`,
    status: 'ok',
    affects: [],
  }));
  return [...places, ...checks];
}

/** Where the controllers are, and how what follows was found out. */
export function headLines({ controllers, layout, duration }: Diagnosis, terminal: Terminal): string[] {
  const places = new Map<string, string[]>();
  for (const place of controllers) places.set(placeOf(place), [...(places.get(placeOf(place)) ?? []), place.name]);
  const where = [...places].map(([place, names]) => `${place}: ${names.join(' ')}`).join('; ');
  const how = `tried on this kernel, in throw-away cgroups, in ${(duration / 1000).toFixed(1)} s`;
  return [...wrapWords(`cgroups ${layout}${where === '' ? ', no controller' : `; ${where}`}`, terminal.columns), how];
}

/** v1 hierarchies stand side by side in one folder, as a rule. */
function placeOf({ version, mountpoint }: ControllerPlace): string {
  return version === 2 ? `v2 at ${mountpoint}` : `v1 in ${mountpoint.slice(0, mountpoint.lastIndexOf('/')) || '/'}`;
}

/** A table where it fits, and everywhere that is no terminal; else a proof beside each check and what to do below it. */
export function doctorLines(checks: readonly Check[], terminal: Terminal, { wide }: { wide: boolean }): string[] {
  const shown = checks.filter(({ check, status }) => status !== 'ok' || !brief.has(check));
  const together = checks
    .filter((one) => !shown.includes(one))
    .map(({ check, proof }) => (TOLD.has(check) ? proof : check));
  const style = (name: Style, text: string): string => terminal.style(name, text);
  const rows = shown.map((one): Cell[] => [marks[one.status], one.check, one.result, one.proof, whatToDo(one)]);
  const full = tableOf(columns, rows, { ascii: terminal.ascii, style });
  const plain = tableOf(columns, rows, { ascii: terminal.ascii });
  const fits = !terminal.isTTY || wide || plain.every((line) => widthOf(line) <= terminal.columns);
  const lines = fits ? full : narrow(shown, terminal);
  if (together.length === 0) return lines;
  const text = together.join(', ');
  const rest = fits && !terminal.isTTY ? [text] : wrapWords(text, terminal.columns - 4);
  return [...lines, ...rest.map((line, at) => `${at === 0 ? style('green', 'ok') : '  '}  ${line}`)];
}

function narrow(checks: readonly Check[], terminal: Terminal): string[] {
  const name = Math.max(5, ...checks.map(({ check }) => widthOf(check)));
  const result = Math.max(6, ...checks.map((one) => widthOf(one.result)));
  const indent = 4 + name + 2 + result + 2;
  const lines = [`    ${pad('CHECK', name)}  ${pad('RESULT', result)}  PROOF`];
  for (const one of checks) {
    const { text, style } = marks[one.status];
    const [first = '', ...more] = wrapWords(one.proof, terminal.columns - indent);
    lines.push(
      `${terminal.style(style, text)}  ${pad(one.check, name)}  ${pad(one.result, result)}  ${first}`.trimEnd(),
    );
    for (const line of more) lines.push(' '.repeat(indent) + line);
    if (one.remedy !== undefined)
      for (const [at, line] of wrapWords(one.remedy, terminal.columns - 7).entries())
        lines.push(`    ${at === 0 ? '->' : '  '} ${line}`);
  }
  return lines;
}

function whatToDo({ remedy }: Check): string {
  return remedy ?? '-';
}

/** How much is wrong, and whom it concerns. */
export function summaryLines(checks: readonly Check[], terminal: Terminal): string[] {
  const problems = checks.filter(({ status }) => status === 'problem');
  const remarks = checks.filter(({ status }) => status === 'remark');
  const concerned = checks.filter(({ affects }) => affects.length > 0);
  const whom = concerned.map(({ check, affects }) => `${check}: ${affects.join(', ')}`);
  const total = `${count(problems.length, 'problem')}, ${count(remarks.length, 'remark')}`;
  const text =
    whom.length === 0 ? `${total}; no installed container is concerned` : `${total}; needed by ${whom.join('; ')}`;
  return wrapWords(problems.length + remarks.length === 0 ? 'no problems' : text, terminal.columns);
}
