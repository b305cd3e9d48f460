import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LanguageServer, type EditorDiagnostic, type Position } from '../../support/language-server.ts';

const root = join(import.meta.dirname, '../../..');
const examples = join(root, 'examples/manifests');
const modeline = '# yaml-language-server: $schema=../../schemas/manifest.schema.json\n';
/** The settings that the guide tells people to write. */
const settings = JSON.parse(
  /^\{\s*"yaml.customTags".*?^\}$/ms.exec(readFileSync(join(root, 'docs/guide/editor.md'), 'utf8'))?.[0] ?? '{}',
) as { 'yaml.customTags': string[] };
const head = `${modeline}name: camera\nversion: 1.0.0\nuid: 1000\ngid: 1000\n`;

/** A text with `^` where the cursor is. */
function withCursor(text: string): { text: string; position: Position } {
  const [left = '', right = ''] = text.split('^');
  const lines = left.split('\n');
  return { text: left + right, position: { line: lines.length - 1, character: (lines.at(-1) ?? '').length } };
}

/** `7: message`, with lines as people count them. */
function brief(found: readonly EditorDiagnostic[]): string[] {
  return found.map(({ message, range }) => `${range.start.line + 1}: ${message}`);
}

describe('yaml-language-server', { timeout: 120_000 }, () => {
  let server: LanguageServer;
  let files = 0;
  before(async () => {
    server = await LanguageServer.start({ customTags: settings['yaml.customTags'] });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  /** Opens a text as a new file beside the examples, which need not exist. */
  async function open(marked: string): Promise<{ path: string; position: Position; found: string[] }> {
    const { text, position } = withCursor(marked);
    const path = join(examples, `editor-${++files}.yaml`);
    return { path, position, found: brief(await server.open(path, text)) };
  }

  async function completions(marked: string): Promise<Map<string, { insert: string; text: string }>> {
    const { path, position } = await open(marked);
    const offered = await server.complete(path, position);
    return new Map(
      offered.map(({ label, insertText = '', documentation = '' }) => [
        label,
        { insert: insertText, text: typeof documentation === 'string' ? documentation : documentation.value },
      ]),
    );
  }

  async function hover(marked: string): Promise<string> {
    const { path, position } = await open(marked);
    return ((await server.hover(path, position)) ?? '').replaceAll('\\', '');
  }

  it('has nothing to say against the examples', async () => {
    for (const folder of ['manifests', 'packages/greeter', 'packages/texts'])
      for (const name of readdirSync(join(root, 'examples', folder)).filter((one) => one.endsWith('.yaml'))) {
        const path = join(root, 'examples', folder, name);
        const text = readFileSync(path, 'utf8');
        assert.match(text, /^# yaml-language-server: \$schema=(\.\.\/)+schemas\/manifest\.schema\.json\n/, name);
        assert.deepEqual(brief(await server.open(path, text)), [], name);
      }
  });

  it('reports unknown keys, wrong words, types and ranges at their lines', async () => {
    const broken =
      'cgroups:\n  memroy: {}\nautostart: critcal\nstop: {timeout: soon}\nrestart: sometimes\nrootfs: 5\nhost_name: a\n';
    const { found } = await open(head.replace('uid: 1000', 'uid: 70000') + broken);
    const expected: [number, RegExp][] = [
      [4, /above the maximum of 65535/],
      [7, /Property memroy is not allowed/],
      [8, /Valid values: "relaxed", "critical"/],
      [9, /does not match the pattern/],
      [10, /does not match the pattern/],
      [11, /Incorrect type/],
      [12, /Property host_name is not allowed/],
    ];
    for (const [line, message] of expected)
      assert.ok(
        found.some((one) => one.startsWith(`${line}: `) && message.test(one)),
        `${line}: ${found.join('\n')}`,
      );
    assert.equal(found.length, expected.length, found.join('\n'));
  });

  it('says which mandatory key is missing', async () => {
    const { found } = await open(head.replace('gid: 1000\n', ''));
    assert.deepEqual(found, ['2: Missing property "gid".']);
  });

  it('completes the keys at the top that are not there yet, each with its description', async () => {
    const schema = JSON.parse(readFileSync(join(root, 'schemas/manifest.schema.json'), 'utf8')) as {
      properties: Record<string, { description: string }>;
    };
    const offered = await completions(`${head}^\n`);
    for (const [key, { description }] of Object.entries(schema.properties))
      if (['name', 'version', 'uid', 'gid'].includes(key)) assert.ok(!offered.has(key), key);
      else assert.equal(offered.get(key)?.text, description, key);
    assert.ok(![...offered.keys()].some((label) => label.includes('[object')));
  });

  it('completes a key to what must be below it, and leaves out what has a default', async () => {
    const offered = await completions(`${head}^\n`);
    assert.equal(offered.get('restart')?.insert, 'restart:\n  policy: ');
    assert.equal(offered.get('io')?.insert, 'io:\n  stdout: $1\n  stderr: $2');
    assert.equal(offered.get('init')?.insert, 'init: ${1:/usr/bin/camera}');
  });

  it('offers the words of a key, and the map where one may stand for them', async () => {
    const cases: [string, string[]][] = [
      ['restart: ^', ['on_failure', 'never', 'always', 'map']],
      ['restart: {policy: ^}', ['on_failure', 'never', 'always']],
      ['rootfs: ^', ['host', 'package', 'map']],
      ['mounts:\n  /tmp:\n    type: ^', ['tmpfs', 'bind', 'proc', 'dev', 'sysfs', 'resource']],
      ['capabilities:\n  - ^', ['CAP_NET_BIND_SERVICE', 'CAP_SYS_TIME']],
      ['stop:\n  signal: ^', ['SIGTERM', 'SIGINT']],
      ['cgroups:\n  cpu:\n    quota: ^', ['20 %', '1.5 cpus']],
    ];
    for (const [text, words] of cases) {
      const offered = await completions(`${head}${text}\n`);
      assert.deepEqual(
        words.filter((word) => !offered.has(word)),
        [],
        text,
      );
      assert.ok(![...offered.keys()].some((label) => label.includes('[object')), text);
    }
  });

  it('explains a key with its unit and what holds without it', async () => {
    assert.match(
      await hover(`${head}cgroups:\n  memory:\n    memory_hard_li^mit: 64 MiB\n`),
      /^Memory that the container may use; .* Unit: bytes, or a size; .* Default: no limit\./,
    );
    assert.match(await hover(`${head}restart: {policy: always, max_de^lay: 5 min}\n`), / Default: 1 min\./);
    // Of what is defined once for several places the text of this place.
    assert.match(
      await hover(`${head}rlimits:\n  nofi^le: {soft: 64}\n`),
      /^Open files \(RLIMIT_NOFILE\)\. Unit: count\./,
    );
  });

  it('takes tags with the settings of the guide, and the same as a map without them', async () => {
    const cases: [string, string][] = [
      ['sched:\n  policy: !fifo {priority: 10}\n', 'sched: {policy: {fifo: {priority: 10}}}\n'],
      ['sched: {policy: !other {nice: 5}}\n', 'sched:\n  policy: {other: {nice: 5}}\n'],
      ['network: !namespace cameras\n', 'network: {namespace: cameras}\n'],
      [
        'seccomp:\n  allow:\n    ioctl: !args {index: 1, values: [1]}\n',
        'seccomp: {allow: {ioctl: {args: {index: 1}}}}\n',
      ],
    ];
    await using bare = await LanguageServer.start();
    for (const [tag, map] of cases) {
      assert.deepEqual((await open(head + tag)).found, [], tag);
      assert.deepEqual(brief(await bare.open(join(examples, `bare-${++files}.yaml`), head + map)), [], map);
      const [first = ''] = brief(await bare.open(join(examples, `bare-${++files}.yaml`), head + tag));
      assert.match(first, /Unresolved tag: !/);
    }
    const { found } = await open(`${head}sched: {policy: {fifo: {priority: 100}}}\n`);
    assert.deepEqual(found, ['6: Value is above the maximum of 99.']);
    const deadline = 'sched: {policy: {deadline: {runtime: 10 ms, deadline: 30 ms, period: 100 ms}}}\n';
    assert.deepEqual((await open(head + deadline)).found, []);
  });

  it('is told of every tag by the guide', () => {
    interface Node {
      'x-tags'?: string[];
      properties?: Record<string, Node>;
      additionalProperties?: boolean | Node;
      items?: Node;
      type?: string;
    }
    const tags = new Set<string>();
    const visit = (node: Node): void => {
      for (const tag of node['x-tags'] ?? []) {
        const value = node.properties?.[tag];
        // For an editor `!tag {tag: 1}` is `{tag: 1}`, as if the tag stood as a key.
        if (value?.properties?.[tag] === undefined) tags.add(value?.type === 'object' ? `!${tag} mapping` : `!${tag}`);
      }
      const { properties = {}, items, additionalProperties } = node;
      for (const inner of [...Object.values(properties), items, additionalProperties])
        if (typeof inner === 'object') visit(inner);
    };
    visit(JSON.parse(readFileSync(join(root, 'schemas/manifest.schema.json'), 'utf8')) as Node);
    assert.deepEqual([...settings['yaml.customTags']].sort(), [...tags].sort());
  });

  it('knows the configuration of the daemon too', async () => {
    const line = modeline.replace('manifest', 'config');
    const { found } = await open(`${line}run_dir: /run/thuban\nlogs: {sise: 1 MiB}\n`);
    assert.deepEqual(found, ['3: Property sise is not allowed.']);
    assert.match(await hover(`${line}watch:\n  deboun^ce: 1 s\n`), /^A changed file is read when/);
  });
});
