import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accept, brief, refuse } from './support.ts';

const manifest = (parent: string): string => `cgroups: {parent: ${JSON.stringify(parent)}}\n`;

describe('the groups above a container that its manifest names', () => {
  for (const parent of ['apps', 'apps/video', 'cpu-intense', 'a/b', 'x/thuban', 'user.slice', 'c-x', 'memory', 'ä b'])
    it(`can be \`${parent}\``, () => {
      assert.equal(accept(manifest(parent)).cgroups?.parent, parent);
    });

  const faults: [what: string, parent: string, code: string, message: RegExp][] = [
    ['a way up', '../x', 'TH1211', /contains `\.\.`/],
    ['a way up in the middle', 'a/../b', 'TH1211', /contains `\.\.`/],
    ['a way up at the end', 'a/..', 'TH1211', /contains `\.\.`/],
    ['a step that goes nowhere', 'a/./b', 'TH1211', /contains `\.`/],
    ['an empty text', '', 'TH1201', /is not a path of a group/],
    ['nothing but slashes', '//', 'TH1201', /is not a path of a group/],
    ['an absolute path', '/apps', 'TH1211', /begins with `\/`/],
    ['an empty step', 'a//b', 'TH1211', /has an empty step/],
    ['an empty step at the end', 'a/', 'TH1211', /has an empty step/],
    ['a newline', 'a\nb', 'TH1201', /contains a control character/],
    ['a NUL', 'a\0b', 'TH1201', /NUL/],
    ['the folder of all containers', 'thuban', 'TH1211', /begins with `thuban`, which is Thuban’s own group/],
    ['a group in it', 'thuban/x', 'TH1211', /begins with `thuban`/],
    ['the group of the daemon', 'thuban-supervisor/x', 'TH1211', /begins with `thuban-supervisor`/],
    ['what looks like a container’s group', 'apps/c-x@1.0.0', 'TH1201', /looks like the group of a container/],
    ['what looks like a cut name of one', 'c-x~0', 'TH1201', /looks like the group of a container/],
    ['a file of a controller', 'a/memory.max', 'TH1201', /the name of a file of the kernel/],
    ['a file of every group', 'cgroup.procs', 'TH1201', /the name of a file of the kernel/],
    ['a file of every v1 group', 'tasks', 'TH1201', /the name of a file of the kernel/],
    ['a step that no group can have', `a/${'ä'.repeat(128)}`, 'TH1201', /has a step of 256 bytes, allowed 1 to 255/],
    ['too long a path', Array(6).fill('x'.repeat(200)).join('/'), 'TH1201', /is 1205 bytes long, allowed 1 to 1024/],
    ['too many groups', Array(17).fill('x').join('/'), 'TH1201', /has 17 steps, allowed 1 to 16/],
  ];
  for (const [what, parent, code, message] of faults)
    it(`cannot be ${what}`, () => {
      const found = refuse(manifest(parent));
      assert.deepEqual(brief(found), [`${code} 6:19 cgroups.parent`]);
      assert.match(found[0]?.message ?? '', message);
      assert.ok((found[0]?.hint ?? '') !== '');
    });

  it('can be as long and as deep as is allowed', () => {
    const deep = Array(16).fill('x'.repeat(63)).join('/');
    assert.equal(accept(manifest(deep)).cgroups?.parent, deep);
    assert.ok(accept(manifest('x'.repeat(255))));
  });
});
