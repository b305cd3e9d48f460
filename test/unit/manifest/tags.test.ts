import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accept, brief, refuse } from './support.ts';

describe('a tag', () => {
  it('is another way to write a map of one key', () => {
    const tagged = accept(
      'sched: {policy: !fifo {priority: 10}}\nnetwork: !namespace cam\nseccomp: {allow: {a: !args {index: 1, mask: 7}}}\n',
    );
    const keyed = accept(
      'sched: {policy: {fifo: {priority: 10}}}\nnetwork: {namespace: cam}\nseccomp: {allow: {a: {args: {index: 1, mask: 7}}}}\n',
    );
    assert.deepEqual(tagged, keyed);
    assert.deepEqual(tagged.sched, { policy: { fifo: { priority: 10 } } });
    assert.deepEqual(tagged.network, { namespace: 'cam' });
    assert.deepEqual(tagged.seccomp?.allow, { a: { args: { index: 1, mask: 7 } } });
  });

  it('may stand on a line of its own, and in front of an anchor', () => {
    const block = accept('sched:\n  policy:\n    !batch\n      nice: 5\n');
    assert.deepEqual(block.sched, { policy: { batch: { nice: 5 } } });
    const anchored = accept('sched: {policy: !other &n {nice: 1}}\n');
    assert.deepEqual(anchored.sched, { policy: { other: { nice: 1 } } });
  });

  it('may name a word that has no value', () => {
    assert.deepEqual(accept('sched: {policy: !idle }\nnetwork: !host\n').sched, { policy: 'idle' });
  });

  const faults: [string, string, string][] = [
    ['that is not known where there are tags', 'network: !netns cam\n', 'TH1103 6:10 network'],
    ['where there are none', 'args: !list [a]\n', 'TH1103 6:7 args'],
    ['in a place that knows others', 'sched: {policy: !namespace x}\n', 'TH1103 6:17 sched.policy'],
    ['without its value', 'sched: {policy: fifo}\n', 'TH1104 6:17 sched.policy'],
    ['with a value out of range', 'sched: {policy: !fifo {priority: 100}}\n', 'TH1205 6:34 sched.policy.fifo.priority'],
    ['with an unknown key', 'sched: {policy: !fifo {nice: 1, priority: 1}}\n', 'TH1102 6:24 sched.policy.fifo.nice'],
    ['with a key missing', 'sched: {policy: !fifo {}}\n', 'TH1104 6:17 sched.policy.fifo.priority'],
    ['with a value of another type', 'network: !namespace [a]\n', 'TH1101 6:21 network.namespace'],
  ];
  for (const [what, text, expected] of faults)
    it(`${what} is told at its place`, () => {
      assert.deepEqual(brief(refuse(text)).slice(0, 1), [expected]);
    });

  it('that is not known is told alone: what stands below it is noise', () => {
    assert.deepEqual(brief(refuse('sched: {policy: !fifos {prio: 10}}\n')), ['TH1103 6:17 sched.policy']);
  });

  it('names the tags that may stand there', () => {
    const [unknown] = refuse('network: !namespce cam\n');
    assert.equal(unknown?.message, '`!namespce` is not a tag of the manifest');
    assert.equal(unknown.hint, 'did you mean `!namespace`? tags here: !namespace');
    const [none] = refuse('args: !list [a]\n');
    assert.equal(none?.hint, 'remove `!list`; nothing here has tags');
    const [bare] = refuse('sched: {policy: round_robin}\n');
    assert.equal(bare?.hint, 'write `!round_robin {priority: 10}`');
  });

  it('is one of several: two at a place exclude each other', () => {
    assert.deepEqual(brief(refuse('sched: {policy: {fifo: {priority: 1}, batch: {nice: 1}}}\n')), [
      'TH1306 6:39 sched.policy.batch',
    ]);
    assert.deepEqual(brief(refuse('network: {}\n')), ['TH1104 6:10 network']);
  });
});
