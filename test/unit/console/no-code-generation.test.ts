import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { routes } from '../../../src/console/routes.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { root } from './document.ts';

test('every route works where no code may be made from strings', async () => {
  using folder = temporaryFolder();
  const program = join(folder.path, 'program.ts');
  writeFileSync(
    program,
    `import { ConsoleServer } from '${root}/src/console/index.ts';
     import { routes } from '${root}/src/console/routes.ts';
     import { FakeControl } from '${root}/test/support/fake-control.ts';
     import { ask, requestFor, socketAt } from '${root}/test/unit/console/support.ts';
     let isForbidden = false;
     try { new Function('return 1'); } catch { isForbidden = true; }
     const path = '${folder.path}/console.sock';
     const server = await ConsoleServer.listen({ control: new FakeControl(), sockets: [socketAt(path)] });
     const statuses = [];
     for (const route of routes) {
        const { path: url, asked } = requestFor(route, { start: 'report', update: 'gateway', stats: 'gateway', exec: 'nobody' }[route.path.split('/').at(-1)] ?? 'camera');
       const good = await ask(path, route.method, url, asked);
       const bad = await ask(path, route.method, url + '?nonsense', asked);
       const worse = route.hasBody ? await ask(path, 'POST', url, { body: '{"nonsense": 1}' }) : { status: 400 };
       statuses.push([good.status, bad.status, worse.status].join(' '));
     }
     await server.close();
     process.stdout.write(JSON.stringify({ isForbidden, statuses }));`,
  );
  const bundle = join(folder.path, 'program.mjs');
  const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' } as const;
  const define = { 'process.env.THUBAN_BUILD_VERSION': '"0.0.0"' };
  await build({ ...options, define, entryPoints: [program], outfile: bundle });
  const flags = ['--disallow-code-generation-from-strings', bundle];
  const told = JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8' })) as object;
  const good = (path: string, takesUpload: boolean): number =>
    // One that is upgraded has no answer of its own: here there is no such container.
    path === '/v1/shutdown' ? 202 : path.endsWith('/exec') ? 404 : takesUpload ? 201 : 200;
  const expected = routes.map(({ path, takesUpload }) => `${good(path, takesUpload)} 400 400`);
  assert.deepEqual(told, { isForbidden: true, statuses: expected });
});
