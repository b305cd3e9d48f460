import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boot } from './boot.ts';
import { cacheFolder } from './cache.ts';
import { packCheckout, packRelease } from './checkout.ts';
import { needPrograms, VmError } from './command.ts';
import { kernelFiles } from './kernel.ts';
import { machineOf, type Machine } from './machines.ts';
import { HELP, readOptions, UsageError, type Options } from './options.ts';
import { outcome, type Outcome } from './outcome.ts';
import { TestReport } from './report.ts';
import { rootFolder } from './root.ts';

/** `npm run test:vm`: returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      interrupted.abort();
    });
  try {
    const options = readOptions(argv);
    if (options === 'help') {
      console.log(HELP);
      return 0;
    }
    const outcomes: Outcome[] = [];
    for (const arch of options.architectures) {
      if (interrupted.signal.aborted) break;
      outcomes.push(await runIn(machineOf(arch), options, interrupted.signal));
    }
    for (const { line } of outcomes) if (line !== '') console.log(line);
    return Math.max(interrupted.signal.aborted ? 1 : 0, ...outcomes.map(({ code }) => code));
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    console.error(`vm: ${error.message}${error.hint === undefined ? '' : `\n  hint: ${error.hint}`}`);
    return error instanceof UsageError ? 2 : 125;
  }
}

async function runIn(machine: Machine, options: Options, signal: AbortSignal): Promise<Outcome> {
  const began = Date.now();
  needPrograms({
    [machine.qemu]: machine.qemuPackage,
    'apt-get': 'apt',
    'dpkg-deb': 'dpkg',
    tar: 'tar',
    xz: 'xz-utils',
  });
  const cache = cacheFolder();
  const kernel = await kernelFiles(machine, options.kernel ?? machine.kernel, cache);
  const root = await rootFolder(machine, options.systemd, cache);
  if (options.prepare) return { line: `vm ${machine.arch}: ready in ${cache}`, code: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'vm-'));
  try {
    const job = join(folder, 'job');
    mkdirSync(job);
    const { tests, environment } = await packCheckout(machine, options.only, job);
    const settings = {
      with_tests: options.tests ? 'yes' : '',
      io_limits_after: String(machine.ioLimitsAfter ?? 0),
      ...(options.release ? await packRelease(machine, job) : {}),
    };
    writeCommand(job, options, environment, settings);
    if (options.command.length === 0)
      console.log(`vm ${machine.arch}: booting, ${options.tests ? tests : 0} files of tests`);
    const report = new TestReport();
    const facts = await boot({
      ...{ machine, kernel, root, folder, job, signal },
      ...{ layout: options.layout, systemd: options.systemd, swap: options.swap },
      limit: options.limit,
      onOutput: (chunk) => {
        process.stdout.write(chunk);
        report.feed(chunk);
      },
    });
    if (options.command.length > 0) return { line: '', code: Number(facts.get('exit')) };
    for (const [reason, count] of report.skipped) console.log(`vm ${machine.arch}: NOT RUN: ${count} tests, ${reason}`);
    const seconds = Math.round((Date.now() - began) / 1000);
    return outcome(machine.arch, facts, report, { ...options, seconds });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The shell script that the machine runs, in its copy of the checkout. `settings` are for the scripts in guest/. */
function writeCommand(
  job: string,
  { command }: Options,
  environment: Record<string, string>,
  settings: Record<string, string>,
): void {
  const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  const assign = ([name, value]: [string, string]): string => `${name}=${quoted(value)}`;
  for (const name of ['tests.sh', 'release.sh'])
    copyFileSync(join(import.meta.dirname, 'guest', name), join(job, name));
  const lines = [
    ...Object.entries(environment).map((each) => `export ${assign(each)}`),
    ...(command.length === 0
      ? [...Object.entries(settings).map(assign), '. /run/job/tests.sh']
      : [command.map(quoted).join(' ')]),
  ];
  writeFileSync(join(job, 'command'), `${lines.join('\n')}\n`);
}
