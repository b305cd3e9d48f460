import { spawn, spawnSync, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** What stops a run and is no failure of a test; the hint can be typed. */
export class VmError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Runs a program of this machine to its end and returns its standard output. Throws a VmError with the last lines that it wrote to its
 * standard error when it ends with anything but 0.
 */
export async function command(name: string, args: readonly string[], options: SpawnOptions = {}): Promise<string> {
  const child = spawn(name, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (chunk: string) => (text[stream] += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === 0) return text.stdout;
  const last = text.stderr.trim().split('\n').slice(-5).join('\n');
  throw new VmError(`\`${name} ${args.slice(0, 4).join(' ')} …\` ended with ${code ?? signal ?? '?'}\n${last}`);
}

const ATTEMPTS = 4;

/** Tries what needs the network four times, with a pause before each further time: 2, 4 and 8 s. */
export async function retried<T>(what: string, attempt: () => Promise<T>, second = 1000): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      if (count === ATTEMPTS)
        throw new VmError(`${what}: ${error.message}`, 'look at the network, the proxy and the sources of apt and npm');
      console.error(`vm: ${what}: attempt ${count} of ${ATTEMPTS} did not work\n${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, second * 2 ** count));
    }
  }
}

/** Throws a VmError that names the Debian packages of all missing programs. */
export function needPrograms(programs: Readonly<Record<string, string>>): void {
  const missing = Object.keys(programs).filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => programs[name]))].join(' ');
  throw new VmError(
    `this machine lacks ${missing.join(', ')}`,
    `sudo apt-get install --no-install-recommends ${packages}`,
  );
}
