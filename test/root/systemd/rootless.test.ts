import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Cli } from '../../support/cli.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { OwnUser, memoryOf, needsUser } from '../../support/rootless.ts';

/** www-data of Debian: systemd starts nothing for a user that the board does not know. */
const USER = 33;

function needsSystemd(): { skip: string | false } {
  const user = needsUser();
  if (user.skip !== false) return user;
  const runs = existsSync('/run/systemd/system') && existsSync('/sys/fs/cgroup/cgroup.controllers');
  return { skip: runs ? false : 'needs systemd as the first program: npm run test:vm -- --systemd' };
}

describe('a service of a user, to whom systemd delegates its group', needsSystemd(), () => {
  const inService = (user: OwnUser, properties: readonly string[], args: readonly string[]): Cli => {
    const settings = [`User=${USER}`, ...properties].flatMap((one) => ['-p', one]);
    const env = Object.entries(user.env).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
    const service = ['systemd-run', '--quiet', '--wait', '--pipe', ...settings, ...env, '--'];
    return new Cli([], { program: [...service, ...user.program(args)] });
  };
  const limited = memoryOf(32 * 1024 * 1024);
  const greedy = 'head -c 100M /dev/zero | tail';

  test('limits its containers', async () => {
    await leavesNothingBehind(async () => {
      using user = new OwnUser({ uid: USER });
      using cli = inService(user, ['Delegate=yes'], ['run', '--once', user.manifest(greedy, limited)]);
      const { stderr } = await cli.ended;
      assert.match(stderr, /oom: own limit of 32 MiB reached, killed by the kernel/);
    });
  });

  test('is told how, where it was not delegated', async () => {
    await leavesNothingBehind(async () => {
      using user = new OwnUser({ uid: USER });
      using cli = inService(user, [], ['run', '--once', user.manifest(greedy, limited)]);
      const { code, stderr } = await cli.ended;
      assert.equal(code, 125);
      assert.match(stderr, /^error\[TH7001\]: only root may limit .*\n.*\n {2}hint: .*systemd-run --user --scope/m);
    });
  });
});
