import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { thubanIn, type Ended } from '../../support/examples.ts';
import { temporaryFolder } from '../../support/folders.ts';

const tools = (version: string, rootfs = '/usr'): string =>
  `name: tools\nversion: ${version}\nuid: 1000\ngid: 1000\nrootfs: ${rootfs}\n`;
const plain = 'name: user\nversion: 1.0.0\ninit: /bin/true\nuid: 1000\ngid: 1000\nrootfs: host\n';
const user = `${plain}mounts:\n  /opt/tools: {type: resource, name: tools, version: '1', dir: /}\n`;

interface Place {
  path: string;
  write: (name: string, text: string) => void;
  plan: (...args: string[]) => Ended;
}

/** A folder with `user.yaml`, which mounts files of `tools`. */
function inFolder(body: (place: Place) => void): void {
  using folder = temporaryFolder();
  const { path } = folder;
  const write: Place['write'] = (name, text) => {
    writeFileSync(join(path, name), text, { mode: 0o644 });
  };
  write('user.yaml', user);
  body({ path, write, plan: (...args) => thubanIn(path, 'plan', '--cgroups', 'v2', ...args) });
}

/** Which container the plan takes the files from. */
function chosen({ code, stdout, stderr }: Ended): unknown {
  assert.equal(code, 0, stderr);
  const { launch } = JSON.parse(stdout) as { launch: { steps: { target?: string; source?: string }[] } };
  return launch.steps.find(({ target }) => target === '/opt/tools')?.source;
}

describe('files of other containers, without a daemon', () => {
  test('come from those beside the manifest, and a file that is broken harms nothing', () => {
    inFolder(({ write, plan }) => {
      write('tools-1.yaml', tools('1.0.0', '/usr/lib'));
      write('tools-2.yaml', tools('1.2.0', '/usr/bin'));
      write('tools-3.yaml', tools('2.0.0'));
      write('broken.yaml', 'name: [');
      write('foreign.tar', 'no archive');
      assert.equal(chosen(plan('--json', 'user.yaml')), '/usr/bin');
    });
  });

  test('come from the folder that is named, and from no other then', () => {
    inFolder(({ path, write, plan }) => {
      write('tools.yaml', tools('1.9.0', '/usr/lib'));
      mkdirSync(join(path, 'repository'), { mode: 0o755 });
      write('repository/tools.yaml', tools('1.0.0', '/usr/bin'));
      assert.equal(chosen(plan('--json', '--repository', 'repository', 'user.yaml')), '/usr/bin');
      const { code, stderr } = plan('--repository', 'absent', 'user.yaml');
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^error\[TH1402\]: .* \(have none\): \S+absent is not used, cannot read \S+absent: no such file or directory \(ENOENT\)/,
      );
      write('facts.json', plan('--json', 'user.yaml').stdout);
      assert.equal(plan('--facts', 'facts.json', 'user.yaml').code, 0);
      const both = plan('--facts', 'facts.json', '--repository', '.', 'user.yaml');
      assert.deepEqual([both.code, both.stdout], [2, '']);
      assert.match(both.stderr, /`--facts` and `--repository` exclude each other/);
    });
  });

  test('that are missing are told with what is there, where it was looked for, and what to do', () => {
    inFolder(({ write, plan }) => {
      assert.match(
        plan('user.yaml').stderr,
        /^error\[TH1402\]: no container satisfies `tools \^1` \(have none\)\n {2}from mounts\.\/opt\/tools {3}user\.yaml:8:15\n {2}hint: put a container `tools` .* into \S+, or name another folder with --repository\n$/,
      );
      write('tools.yaml', tools('2.0.0'));
      assert.match(plan('user.yaml').stderr, /\(have 2\.0\.0\)\n/);
      write('tools-1.yaml', `${tools('1.0.0')}unknown: 1\n`);
      assert.match(
        plan('user.yaml').stderr,
        /\(have 2\.0\.0\): \S+tools-1\.yaml is not used, unknown key `unknown`.*\n.*\n {2}hint: thuban validate \S+tools-1\.yaml\n/,
      );
    });
  });

  test('are not taken from a folder or file that others may write to, and the error says so', () => {
    inFolder(({ path, write, plan }) => {
      write('tools.yaml', tools('1.0.0'));
      chmodSync(join(path, 'tools.yaml'), 0o666);
      assert.match(
        plan('user.yaml').stderr,
        /tools\.yaml is not used, .* has mode 0666, so everybody may write\n.*\n {2}hint: chmod go-w \S+tools\.yaml\n/,
      );
      chmodSync(join(path, 'tools.yaml'), 0o644);
      chmodSync(path, 0o777);
      assert.match(
        plan('user.yaml').stderr,
        /\(have none\): \S+ is not used, `\S+` has mode 0777, so everybody may write\n.*\n {2}hint: chmod go-w \S+\n/,
      );
      write('alone.yaml', plain);
      assert.deepEqual([plan('alone.yaml').code, plan('alone.yaml').stderr], [0, ''], 'nobody looks at the folder');
    });
  });

  test('must be signed as well where a key is given', () => {
    inFolder(({ path, write, plan }) => {
      write('tools.yaml', tools('1.0.0', '/usr/bin'));
      assert.equal(thubanIn(path, 'key', 'generate', 'acme').code, 0);
      assert.equal(thubanIn(path, 'key', 'sign', 'user.yaml', '--key', 'acme.key').code, 0);
      assert.match(
        plan('user.yaml', '--key', 'acme.pub').stderr,
        /error\[TH1402\]: .*\(have none\): \S+tools\.yaml is not used, the manifest is not signed\n/,
      );
      assert.equal(thubanIn(path, 'key', 'sign', 'tools.yaml', '--key', 'acme.key').code, 0);
      assert.equal(chosen(plan('--json', 'user.yaml', '--key', 'acme.pub')), '/usr/bin');
    });
  });
});
