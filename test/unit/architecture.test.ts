import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { filesBelow, importsOf, textOf, violations, type Rules } from '../support/imports.ts';

const root = join(import.meta.dirname, '../..');

/** cli → console → runtime → {package, launcher} → {manifest, cgroups} → base. The launcher knows no manifest, the manifest no kernel. */
const rules: Rules = {
  folders: {
    base: [],
    manifest: ['base'],
    cgroups: ['base'],
    seccomp: ['base'],
    launcher: ['base'],
    package: ['base', 'manifest'],
    config: ['base', 'manifest'],
    runtime: ['base', 'manifest', 'cgroups', 'seccomp', 'launcher', 'package'],
    explain: ['base', 'runtime'],
    console: ['base', 'manifest', 'cgroups', 'launcher', 'package', 'runtime'],
    cli: ['base', 'manifest', 'config', 'cgroups', 'launcher', 'package', 'runtime', 'console', 'explain'],
    main: ['cli'],
  },
  packages: {
    manifest: ['yaml', 'node-cron', 'semver', 'semver/classes/range', 'semver/functions/compare'],
    package: ['tar-stream'],
    runtime: ['node-cron'],
    cli: ['commander', 'pino'],
  },
};

const LONGEST = 300;

const generated = (path: string): boolean => path.includes('/generated/');
const source = filesBelow(root, 'src').filter((path) => /\.c?ts$|\.cjs$/.test(path) && !generated(path));

describe('imports', () => {
  test('there are sources to look at', () => {
    assert.ok(source.length > 50, `${source.length} files`);
  });

  test('point one way, and into a folder only through its index.ts', () => {
    assert.deepEqual(
      source.flatMap((path) => violations(path, textOf(root, path), rules)),
      [],
    );
  });
});

describe('files', () => {
  test(`are at most ${LONGEST} lines long`, () => {
    const all = [...filesBelow(root, 'src'), ...filesBelow(root, 'test'), ...filesBelow(root, 'scripts')];
    const long = all
      .filter((path) => /\.(ts|cts|cjs|c|h|mjs)$/.test(path) && !generated(path))
      .map((path) => ({ path, lines: textOf(root, path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > LONGEST);
    assert.deepEqual(long, []);
  });
});

describe('output', () => {
  /** Every way to the terminal that Node.js offers. (`console.sockets` is a key of the configuration.) */
  const SPEAKS =
    /\bconsole\.(?:log|info|warn|error|debug|trace|dir|dirxml|table|time\w*|count\w*|group\w*|assert|clear)\b|\bprocess\s*(?:\.|\[['"]?)\s*(?:stdout|stderr)|from 'node:console'/;

  test('only the command line speaks to the terminal', () => {
    const silent = source.filter((path) => path !== 'src/main.ts' && !path.startsWith('src/cli/'));
    assert.deepEqual(
      silent.filter((path) => SPEAKS.test(textOf(root, path))),
      [],
    );
  });

  test('the check itself sees what it forbids', () => {
    for (const text of ['process.stdout.write(x)', 'console.log(x)', "process['stderr']"]) assert.match(text, SPEAKS);
    assert.doesNotMatch('add it under `console.sockets`', SPEAKS);
  });
});

describe('the scanner of imports', () => {
  test('finds every form of an import, over several lines, and none in a comment', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type {\n  B,\n  C,\n} from '../manifest/index.ts';",
      "export { d } from './d.ts';",
      "export * from './e.ts';",
      "import './f.ts';",
      "const g = await import('./g.ts');",
      "const h = () => require('./h.cjs');",
      "// import { no } from './comment.ts';",
      "/* import { no } from './block.ts'; */",
      "const text = 'import nothing';",
    ].join('\n');
    const found = ['./a.ts', '../manifest/index.ts', './d.ts', './e.ts', './f.ts', './g.ts', './h.cjs'];
    assert.deepEqual(importsOf(text).sort(), found.sort());
  });

  const wrong: [name: string, path: string, text: string, finding: RegExp][] = [
    [
      'an arrow the wrong way',
      'src/manifest/load.ts',
      "import { plan } from '../runtime/index.ts';",
      /manifest does not import runtime/,
    ],
    [
      'a kernel part in the manifest',
      'src/manifest/a/b.ts',
      "import type { X } from '../../cgroups/index.ts';",
      /manifest does not import cgroups/,
    ],
    [
      'a manifest in the cgroups',
      'src/cgroups/plan.ts',
      "import type { X } from '../manifest/index.ts';",
      /cgroups does not import manifest/,
    ],
    [
      'a way around the door',
      'src/runtime/plan.ts',
      "import { X } from '../cgroups/plan.ts';",
      /the door of cgroups is its index.ts/,
    ],
    [
      'a package out of place',
      'src/base/errors.ts',
      "import { parse } from 'yaml';",
      /base does not use the package yaml/,
    ],
    ['a folder without a rule', 'src/extra/x.ts', '', /no rule for the folder extra/],
    ['a file outside of src', 'src/cli/run.ts', "import x from '../../package.json';", /outside of src/],
  ];
  for (const [name, path, text, finding] of wrong) {
    test(`reports ${name}`, () => {
      const found = violations(path, text, rules);
      assert.equal(found.length, 1);
      assert.match(found[0]!, finding);
    });
  }

  test('is content with what is right', () => {
    const text = "import { x } from '../cgroups/index.ts';\nimport { y } from './y.ts';\nimport fs from 'node:fs';";
    assert.deepEqual(violations('src/runtime/plan.ts', text, rules), []);
  });
});
