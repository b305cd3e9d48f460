import { ThubanError } from '../base/index.ts';
import { StepFailure, type PipeEnd, type ProgramExit } from '../launcher/index.ts';
import type { Manifest } from '../manifest/index.ts';
import type { Board, Container } from './container.ts';
import { deferred } from './deferred.ts';
import { Execution } from './execution.ts';
import { joinsOf } from './joins.ts';
import type { ExecRequest, ExecPlan } from './plan-exec.ts';
import { explainStepFailure } from './step-failure.ts';
import { GIVE_UP_MS, within } from './within.ts';

/** Kept by the launcher: by it a next daemon knows what to end. */
export interface ExecRecord {
  v: 1;
  /** Id of the container. */
  exec: string;
}

export function isExecRecord(blob: Buffer): boolean {
  try {
    const record = JSON.parse(blob.toString('utf8')) as Partial<ExecRecord> | null;
    return record?.v === 1 && typeof record.exec === 'string';
  } catch {
    return false; // not ours
  }
}

/**
 * Starts a further program in a container. Resolves when it has been executed; on any failure nothing of it is left. TH6005 when the container ends
 * before.
 */
export async function startExecution(
  container: Container,
  manifest: Manifest,
  request: ExecRequest,
  board: Board,
): Promise<Execution> {
  const { container: id } = container.record;
  if (container.pausing.condition !== undefined)
    throw new ThubanError('TH6005', `\`${id}\` is paused, and so would be what is started in it`, {
      hint: `thuban resume ${id}`,
      details: { id, state: 'running', action: 'exec' },
    });
  const plan = board.facts.planExec(manifest, { ...request, run: String(container.run) });
  const [problem] = plan.problems;
  if (problem !== undefined) throw problem;
  const { launcher } = container;
  const run = board.nextId();
  const { promise: exited, resolve: onExit } = deferred<ProgramExit>();
  const record: ExecRecord = { v: 1, exec: id };
  let stdin: PipeEnd | undefined;
  try {
    const started = await launcher.spawn(
      {
        id: run,
        steps: plan.steps,
        stdout: 'pipe',
        // A terminal is one stream.
        stderr: request.tty === undefined ? 'pipe' : 'discard',
        uid: plan.uid,
        gid: plan.gid,
        joins: joinsOf(container.groups),
        groups: [],
        blob: Buffer.from(JSON.stringify(record)),
        onOom: () => undefined,
        onExit,
        onInput: (pipe) => {
          stdin = pipe;
        },
      },
      board.staging,
    );
    return new Execution({ container: id, launcher, run, started, exited, stdin });
  } catch (error) {
    // It runs already, and its input could not be opened, say.
    if (await launcher.signal(run, SIGKILL)) {
      await within(GIVE_UP_MS, exited);
      await launcher.release(run);
    }
    // What the launcher says of a container that is just ending may come before it says that it has ended.
    if (error instanceof StepFailure && ENDING.has(error.errno) && !container.isEnding)
      await within(ENDING_MS, container.ended);
    throw explain(error, container, plan, request);
  }
}

const SIGKILL = 9;
/** A pid namespace without its init, groups that are gone, a kill. */
const ENDING: ReadonlySet<string> = new Set(['ENOMEM', 'ENOENT', 'ENODEV', 'EINTR']);
const ENDING_MS = 200;

function explain(error: unknown, container: Container, plan: ExecPlan, { args, env }: ExecRequest): unknown {
  if (!(error instanceof StepFailure)) return error;
  const { container: id, memory_limit: limit } = container.record;
  const [program = ''] = args;
  if (container.isEnding || error.errno === 'ESRCH')
    return new ThubanError('TH6005', `\`${id}\` ends, so there is nothing to exec`, {
      hint: `thuban inspect ${id}`,
      details: { id, state: 'stopping', action: 'exec' },
    });
  const details = { container: id, errno: error.errno };
  if (error.errno === 'EAGAIN')
    return new ThubanError('TH3010', `\`${id}\` has as many processes as it may have`, {
      hint: 'raise cgroups.pids.limit',
      details: { ...details, key: 'cgroups.pids.limit' },
    });
  if (error.errno === 'ENOENT' && !program.includes('/') && error.step === plan.steps.length - 1)
    return new ThubanError('TH3001', `there is no \`${program}\` in ${pathOf(plan)} of \`${id}\``, {
      hint: env?.['PATH'] === undefined ? 'give its path as seen from inside' : 'look at the PATH that was given',
      details,
    });
  const writes = limit === undefined ? [] : [{ file: 'memory.max' }];
  return explainStepFailure(error, { id, launch: { steps: plan.steps }, cgroup: { writes } });
}

function pathOf({ steps }: ExecPlan): string {
  const exec = steps.find((step) => step.op === 'exec');
  return exec?.env.find((variable) => variable.startsWith('PATH='))?.slice(5) ?? '';
}
