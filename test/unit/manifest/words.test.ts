import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foreignKeys, foreignValues } from '../../../src/manifest/foreign-words.ts';
import { brief, refuse, refuseAll } from './support.ts';

function hint(text: string): string | undefined {
  return refuse(text)[0]?.hint;
}

describe('hints', () => {
  const cases: [string, string, string][] = [
    ['a typo in a key', 'hostnmae: a\n', 'did you mean `hostname`?'],
    ['a typo in a key of a section', 'cgroups: {memroy: {}}\n', 'did you mean `memory`?'],
    ['camel case', 'supplGroups: []\n', 'did you mean `suppl_groups`?'],
    ['a key under the wrong section', 'cgroups: {swappiness: 0}\n', 'it belongs under `cgroups.memory`'],
    ['a typo in a section that is not supported yet', 'helth: {}\n', 'did you mean `health`?'],
    ['no idea at all', 'cgroups: {pids: {limit: 1, frobnicate: 2}}\n', 'keys here: limit'],
    ['an unknown key of a mount', 'mounts: {/a: {type: proc, frobnicate: 2}}\n', 'keys here: type'],
    ['a hyphen in a word', 'restart: on-failure\n', 'did you mean `on_failure`? one of never, on_failure, always'],
    ['a signal without SIG', 'stop: {signal: INT}\n', 'did you mean `SIGINT`?'],
    ['a capability without CAP_', 'capabilities: [net_raw]\n', 'did you mean `CAP_NET_RAW`?'],
    ['an unknown mount option', 'mounts: {/a: {type: bind, host: /a, options: nosiud}}\n', 'did you mean `nosuid`?'],
    ['the command of Compose', 'command: [a]\n', 'Compose calls it `command`; here it is `init` and `args`'],
    [
      'the memory limit of Compose',
      'mem_limit: 1g\n',
      'Compose calls it `mem_limit`; here it is `cgroups.memory.memory_hard_limit`',
    ],
    ['the start of a unit', 'ExecStart: /bin/x\n', 'systemd calls it `ExecStart`; here it is `init` and `args`'],
    ['a probe of Kubernetes', 'livenessProbe: {}\n', 'Kubernetes calls it `livenessProbe`; here it is `health`'],
    [
      'the option of Docker',
      'memory: 64m\n',
      'Docker calls it `memory`; here it is `cgroups.memory.memory_hard_limit`',
    ],
    ['a section of its own that stands too far left', 'memory: {swappiness: 1}\n', 'it belongs under `cgroups`'],
    ['an extension of Compose', 'x-common: &a {}\n', 'remove it; an anchor can stand at the first place that uses it'],
    ['a missing blank', 'cgroups: {memory:1}\n', 'write a blank after `memory:`'],
    ['yes', 'cgroups: {memory: {oom_group: yes}}\n', 'did you mean `true`? YAML 1.2 has only `true` and `false`'],
    ['off', 'cgroups: {memory: {oom_group: off}}\n', 'did you mean `false`? YAML 1.2 has only `true` and `false`'],
    ['a quoted boolean', 'cgroups: {memory: {oom_group: "true"}}\n', 'write `true` without quotes'],
    ['another word for a boolean', 'cgroups: {memory: {oom_group: sure}}\n', 'write `true` or `false`'],
    [
      'a merge key',
      'cgroups: {memory: &a {swappiness: 1}, cpu: {<<: *a}}\n',
      'write the keys out, or use `*name` for the whole map',
    ],
    ['an entry of a list', 'capabilities: [SOMETHING]\n', 'write for example `"CAP_NET_BIND_SERVICE"`'],
    ['a wrong type', 'mounts: [a]\n', 'write `mounts: {/proc: {type: proc}, /tmp: {type: tmpfs, size: 4 MiB}}`'],
  ];
  for (const [what, text, expected] of cases)
    it(`help with ${what}`, () => {
      assert.equal(hint(text), expected);
    });

  it('are given once for a mandatory key that is misspelt, not also for its absence', () => {
    const all = 'nmae: camera\nversion: 1.0.0\nuid: 1\ngid: 1\n';
    assert.deepEqual(brief(refuseAll(all)), ['TH1102 1:1 nmae']);
    assert.deepEqual(brief(refuse('health: {type: tcp, prt: 80}\n')), ['TH1102 6:21 health.prt']);
    // Nor for what would need it.
    const noInit = 'name: a\nversion: 1.0.0\nuid: 1\ngid: 1\ninti: /bin/a\nargs: [b]\nautostart: relaxed\n';
    assert.deepEqual(brief(refuseAll(noInit)), ['TH1102 5:1 inti']);
    assert.deepEqual(brief(refuseAll(noInit.replace('inti: /bin/a\n', ''))), [
      'TH1303 5:1 args',
      'TH1303 6:1 autostart',
    ]);
    // It is there as well: then both are said.
    assert.deepEqual(brief(refuseAll(`${all}name: ../x\n`)), ['TH1102 1:1 nmae', 'TH1201 5:7 name']);
  });

  it('say what is found and what is expected', () => {
    assert.equal(refuse('mounts: [a]\n')[0]?.message, '`mounts` is a list, expected a map of target to mount');
    assert.equal(refuse('args: {a: b}\n')[0]?.message, '`args` is a map, expected a list of arguments');
    assert.equal(
      refuse('process: {privileged: "true"}\n')[0]?.message,
      '`process.privileged` is the text `true`, expected `true` or `false`',
    );
  });

  it('translate the restart policies of Compose', () => {
    assert.equal(
      refuse('restart: unless-stopped\n')[0]?.label,
      'Compose calls it `unless-stopped`; here it is `always`',
    );
  });

  for (const { from, words } of foreignKeys)
    it(`translate every word of ${from}, none of which is a key here, into keys that are`, () => {
      for (const [word, ours] of Object.entries(words)) {
        const [found] = refuse(`${word}: x\n`);
        assert.equal(found?.code, 'TH1102', word);
        assert.ok(found.hint?.includes(` calls it \`${word}\`; here it is ${ours}`), `${word}: ${found.hint}`);
        for (const [, path = ''] of ours.matchAll(/`([a-z_]+(?:\.[a-z_]+)*)`/g)) {
          const text = path
            .split('.')
            .map((key, i) => `${'  '.repeat(i)}${key}:`)
            .join('\n');
          const unknown = refuse(`colour: 1\n${text} x\n`).filter(
            ({ code, path: at }) => code === 'TH1102' && at !== 'colour',
          );
          if (!['init', 'name', 'version', 'uid', 'gid'].includes(path))
            assert.deepEqual(brief(unknown), [], `${word}: ${path}`);
        }
      }
    });

  it('translate values of others', () => {
    assert.deepEqual(
      [
        'restart: unless-stopped',
        'restart: on-abnormal',
        'mounts: {/a: {type: emptyDir}}',
        'io: {stdout: journal, stderr: pipe}',
      ].map((line) => refuse(`${line}\n`)[0]?.label),
      [
        'Compose calls it `unless-stopped`; here it is `always`',
        'systemd calls it `on-abnormal`; here it is `on_failure`',
        'Kubernetes calls it `emptyDir`; here it is `tmpfs`',
        'systemd calls it `journal`; here it is `pipe`',
      ],
    );
    assert.ok(Object.keys(foreignValues).length > 5);
  });
});
