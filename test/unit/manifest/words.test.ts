import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composeKeys } from '../../../src/manifest/foreign-words.ts';
import { refuse } from './support.ts';

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
    ['a wrong type', 'mounts: [a]\n', 'write `mounts: {/proc: {type: proc}, /tmp: {type: tmpfs, size: 4 MiB}}`'],
  ];
  for (const [what, text, expected] of cases)
    it(`help with ${what}`, () => {
      assert.equal(hint(text), expected);
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

  it('translate every word of Compose that has no place here', () => {
    for (const word of Object.keys(composeKeys)) {
      const [found] = refuse(`${word}: x\n`);
      assert.equal(found?.code, 'TH1102', word);
      assert.ok(found.hint !== undefined, word);
    }
  });
});
