import type { ThubanError } from '../base/index.ts';
import type { Step, TerminalSize } from '../launcher/index.ts';
import { processDefaults, type Manifest } from '../manifest/index.ts';
import type { Facts } from './facts.ts';
import { LaunchDraft } from './plan-draft.ts';
import { planProgram } from './plan-program.ts';
import { withOwnIds } from './plan-rootless.ts';
import { idsOnBoard } from './plan-users.ts';

/** A further program in a container that runs. */
export interface ExecRequest {
  /** The program and its arguments. Without a slash it is looked for in the container's PATH. */
  args: string[];
  /** Beside those of the manifest, and in their place. */
  env?: Record<string, string>;
  working_dir?: string;
  /** Its standard input comes from the client; otherwise there is nothing to read. */
  stdin?: boolean;
  tty?: TerminalSize;
}

export interface ExecPlan {
  steps: Step[];
  uid: number;
  gid: number;
  problems: ThubanError[];
}

/** `run`: of the container at the launcher. */
export type ExecTarget = ExecRequest & { run: string };

/**
 * Pure. What confines a program is that of the container's own, by the same planner: ids, groups, capabilities, limits, scheduling, labels and
 * filter. Its namespaces are there already; it gets none of the descriptors that the container's program was handed.
 */
export function planExec(given: Manifest, facts: Facts, target: ExecTarget): ExecPlan {
  const [program = '', ...args] = target.args;
  const draft = new LaunchDraft(facts, { runDir: '', dataDir: '' });
  const manifest = withOwnIds(given, draft);
  const env = { ...manifest.env, ...target.env };
  planProgram(program, entering(manifest, target), { handed: { sockets: [] }, args, env }, draft);
  const { run, stdin = false, tty } = target;
  return {
    steps: [
      { op: 'enter', id: run, input: stdin, ...(tty === undefined ? {} : { terminal: tty }) },
      ...draft.steps.flatMap((step) => ownNamespaces[step.op] ?? [step]),
    ],
    ...idsOnBoard(manifest),
    problems: draft.problems,
  };
}

/** What the container's program made for itself after it had joined its groups is there: these steps enter it instead. */
const ownNamespaces: Partial<Record<Step['op'], Step[]>> = {
  cgroup_namespace: [{ op: 'setns', namespaces: ['cgroup'] }],
  enter_user_namespace: [{ op: 'setns', namespaces: ['user', 'mount'] }],
  mount_namespace: [],
};

/**
 * Always a session: the one that it would be in otherwise is that of its init, to which a signal to its process group would go too, and a terminal
 * wants one.
 */
function entering(manifest: Manifest, { working_dir: dir }: ExecTarget): Manifest {
  const process = { ...processDefaults, ...manifest.process, new_session: true };
  return { ...manifest, process: dir === undefined ? process : { ...process, working_dir: dir } };
}
