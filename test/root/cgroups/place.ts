import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CgroupFacts, CgroupPlan } from '../../../src/cgroups/index.ts';
import { shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';

const BUNDLE = resolve(import.meta.dirname, '../../../dist/thuban.mjs');

/** Where a Thuban of its own is started: shell commands, in which `$D` is a folder of the test. */
export interface Place {
  /** In the namespaces of this test, for example to join a group. */
  before?: string;
  /** Further namespaces beside that of mounts. */
  unshare?: string;
  /** In the new namespaces. */
  inside?: string;
}

export interface Bench {
  folder: string;
  /** The facts and groups of `thuban plan`, or the error that it ends with. */
  plan: (sections: Sections) => { facts: { cgroups: CgroupFacts }; cgroup: CgroupPlan };
  /** Runs a container until the body is done. `read` gives a file of its group in the hierarchy of that controller. */
  run: (
    sections: Sections,
    body: (
      read: (controller: string, file: string) => string,
      output: () => string,
      pid: number,
    ) => void | Promise<void>,
  ) => Promise<void>;
  /** `thuban doctor --json`. */
  doctor: () => { check: string; result: string; proof: string; remedy?: string }[];
  /** What `thuban run` says when it does not start one. */
  refused: (sections: Sections, ...flags: string[]) => string;
}

export type Sections = NonNullable<Parameters<typeof shell>[1]>;

type Command = [string, string[], { env: NodeJS.ProcessEnv; encoding: 'utf8' }];

/** A folder, and Thuban as a program of its own in other namespaces: what they mount is gone with it. */
export async function inPlace(place: Place, body: (bench: Bench) => Promise<void> | void): Promise<void> {
  await leavesNothingBehind(async () => {
    const { path: folder } = temporaryFolder();
    const manifest = join(folder, 'probe.yaml');
    const command = (...words: string[]): Command => {
      const outer = `${place.before ?? ''}\nexec unshare --mount --propagation private ${place.unshare ?? ''} sh -ec "$INSIDE" sh "$@"`;
      const inner = `${place.inside ?? ''}\nexec "$@"`;
      const env = { ...process.env, D: folder, INSIDE: inner };
      return ['sh', ['-ec', outer, 'sh', process.execPath, BUNDLE, ...words], { env, encoding: 'utf8' }];
    };
    const write = (sections: Sections): void => {
      const script = 'echo ready; exec sleep 1000';
      writeFileSync(manifest, JSON.stringify(shell(script, { name: 'probe', ...sections }).manifest));
    };
    const plan: Bench['plan'] = (sections) => {
      write(sections);
      const { stdout, stderr } = spawnSync(...command('plan', '--json', manifest));
      assert.ok(stdout.startsWith('{'), stderr);
      return JSON.parse(stdout) as ReturnType<Bench['plan']>;
    };
    const doctor: Bench['doctor'] = () => {
      const { stdout, stderr } = spawnSync(...command('doctor', '--json'));
      assert.ok(stdout.startsWith('['), stderr);
      return JSON.parse(stdout) as ReturnType<Bench['doctor']>;
    };
    const refused: Bench['refused'] = (sections, ...flags) => {
      write(sections);
      const { status, stderr } = runFor(120_000, command('run', ...flags, manifest));
      assert.equal(status, 125, stderr);
      return stderr;
    };
    const run: Bench['run'] = async (sections, use) => {
      const { cgroup } = plan(sections);
      // Each of these programs takes the place of the one before, so that this is the pid of Thuban in the end.
      const child = spawn(...command('run', manifest));
      const { pid } = child;
      let output = '';
      const ended = once(child, 'exit');
      const ready = new Promise<void>((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => {
            output += chunk.toString();
            if (output.includes('ready')) resolve();
          });
        child.on('exit', () => {
          reject(new Error(`it ended: ${output}`));
        });
      });
      assert.ok(pid !== undefined);
      try {
        await ready;
        const read = (controller: string, file: string): string => {
          const group = cgroup.groups.find(({ controllers }) => controllers.includes(controller));
          assert.ok(group, `no group for ${controller}`);
          return readFileSync(`/proc/${pid}/root${group.path}#${pid}/${file}`, 'utf8').trim();
        };
        await use(read, () => output, pid);
      } finally {
        child.kill('SIGTERM');
        await ended.catch(() => undefined);
      }
    };
    try {
      mkdirSync(join(folder, 'cg - x'));
      await body({ folder, plan, run, doctor, refused });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** A container that was not refused would run for ever. */
function runFor(timeout: number, [program, words, options]: Command): { status: number | null; stderr: string } {
  return spawnSync(program, words, { ...options, timeout });
}
