import { ThubanError } from '../base/index.ts';
import type { Control, ExecHandle } from '../runtime/index.ts';
import { demand, identityOf, type Caller } from './caller.ts';
import { EXEC_PROTOCOL } from './exec-frames.ts';
import type { Operation, Operations, Permission } from './generated/operations.d.ts';
import { operations } from './generated/operations.js';
import { check } from './input.ts';
import { shown } from './refusal.ts';
import type { Upload } from './upload.ts';

/** A request as it came: nothing of it is checked yet. */
export interface RawRequest {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body: unknown;
  /** Instead of a body, where a route takes one. */
  upload: Upload | undefined;
  caller: Caller;
}

export type Reply = { status: number; json: unknown } | { records: AsyncGenerator<readonly object[]> };

export interface Route {
  method: Operation<unknown, unknown, unknown>['method'];
  path: string;
  permission: Permission | null;
  /** It may be enough instead; `serve` looks, when it knows what is asked. */
  permissionOr: Permission | null;
  kinds: Operation<unknown, unknown, unknown>['kinds'];
  /** Of JSON. */
  hasBody: boolean;
  /** Its body is something else, and may be large. */
  takesUpload: boolean;
  isStream: boolean;
  /** The request upgrades its connection, which then carries the streams of a program. */
  upgrade?: (control: Control, raw: RawRequest) => Promise<ExecHandle>;
  /** Throws TH6012 for a request that is not of the described form. `signal` ends a stream. */
  serve(control: Control, raw: RawRequest, signal: AbortSignal): Reply | Promise<Reply>;
}

interface Checked<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  upload: Upload | undefined;
  caller: Caller;
}

type Serve<P, Q, B> = (control: Control, request: Checked<P, Q, B>, signal: AbortSignal) => Reply | Promise<Reply>;

function route<P, Q, B>(operation: Operation<P, Q, B>, isStream: boolean, serve: Serve<P, Q, B>): Route {
  const { method, path, permission, permissionOr, kinds, body, upload } = operation;
  return {
    method,
    path,
    permission,
    permissionOr,
    kinds,
    hasBody: body !== null,
    takesUpload: upload,
    isStream,
    serve: (control, raw, signal) => {
      const params = check(operation.params, 'path', raw.params);
      const query = check(operation.query, 'query', raw.query);
      // Without a validator there is no body, and its type is null.
      const { upload: given, caller } = raw;
      const checked = body === null ? (null as B) : check(body, 'body', raw.body);
      return serve(control, { params, query, body: checked, upload: given, caller }, signal);
    },
  };
}

function answering<P, Q, B>(
  operation: Operation<P, Q, B>,
  answer: (control: Control, request: Checked<P, Q, B>) => unknown,
): Route {
  return route(operation, false, async (control, request) => ({ status: 200, json: await answer(control, request) }));
}

function streaming<P, Q, B>(
  operation: Operation<P, Q, B>,
  read: (control: Control, request: Checked<P, Q, B>, signal: AbortSignal) => AsyncGenerator<readonly object[]>,
): Route {
  return route(operation, true, (control, request, signal) => ({ records: read(control, request, signal) }));
}

/** One that answers only by an upgrade of its connection. */
function upgrading<P, Q, B>(
  operation: Operation<P, Q, B>,
  open: (control: Control, request: Checked<P, Q, B>) => Promise<ExecHandle>,
): Route {
  const needsUpgrade = (): never => {
    throw new ThubanError('TH6012', 'this request has to upgrade its connection', {
      hint: `send the headers \`Connection: Upgrade\` and \`Upgrade: ${EXEC_PROTOCOL}\``,
      details: { in: 'header', key: 'upgrade' },
    });
  };
  return {
    ...route(operation, false, needsUpgrade),
    upgrade: async (control, { upload, caller, ...raw }) =>
      open(control, {
        params: check(operation.params, 'path', raw.params),
        query: check(operation.query, 'query', raw.query),
        body: operation.body === null ? (null as B) : check(operation.body, 'body', raw.body),
        upload,
        caller,
      }),
  };
}

/** What each operation of the OpenAPI document does. */
const byOperation = {
  listContainers: answering(operations.listContainers, (control, { query }) => control.list(query)),
  inspectContainer: answering(operations.inspectContainer, (control, { params }) => control.inspect(params.id)),
  startContainer: answering(operations.startContainer, (control, { params, body, caller }) => {
    demand(caller, Object.keys(body).length > 0 ? 'start_command' : 'start');
    return control.start(params.id, body);
  }),
  stopContainer: answering(operations.stopContainer, (control, { params, body }) => control.stop(params.id, body)),
  restartContainer: answering(operations.restartContainer, (control, { params, body }) =>
    control.restart(params.id, body),
  ),
  pauseContainer: answering(operations.pauseContainer, (control, { params }) => control.pause(params.id)),
  resumeContainer: answering(operations.resumeContainer, (control, { params }) => control.resume(params.id)),
  killContainer: answering(operations.killContainer, (control, { params, body }) => control.kill(params.id, body)),
  updateContainer: answering(operations.updateContainer, (control, { params, body: { cgroups, ...options } }) =>
    control.update(params.id, cgroups, options),
  ),
  execInContainer: upgrading(operations.execInContainer, (control, { params, body }) => control.exec(params.id, body)),
  readLogs: streaming(operations.readLogs, (control, { params, query }, signal) => {
    if (query.since !== undefined) checkTime(query.since);
    return control.logs(params.id, query, signal);
  }),
  readStats: streaming(operations.readStats, (control, { params, query }, signal) =>
    control.stats(params.id, query, signal),
  ),
  readAllStats: streaming(operations.readAllStats, (control, { query: { container, ...others } }, signal) =>
    control.allStats({ ...others, ...(container === undefined ? {} : { containers: container }) }, signal),
  ),
  readEvents: streaming(operations.readEvents, (control, { query: { type, container, ...others } }, signal) =>
    control.events(
      {
        ...others,
        ...(type === undefined ? {} : { types: type }),
        ...(container === undefined ? {} : { containers: container }),
      },
      signal,
    ),
  ),
  readIdentity: answering(operations.readIdentity, (_control, { caller }) => identityOf(caller)),
  readVersion: answering(operations.readVersion, (control) => control.version()),
  applyRepositories: answering(operations.applyRepositories, (control, { body }) => control.apply(body)),
  listRepositories: answering(operations.listRepositories, (control) => control.repositories()),
  installPackage: route(operations.installPackage, false, async (control, { params, upload }) => {
    if (upload === undefined) throw new Error('a route that takes a package got none');
    const { chunks, ...options } = upload;
    return { status: 201, json: await control.install(params.repository, chunks, options) };
  }),
  uninstallPackage: answering(operations.uninstallPackage, (control, { params, query }) =>
    control.uninstall(params.repository, params.container, query),
  ),
  shutDown: route(operations.shutDown, false, (control, { body }) => {
    control.shutdown(body);
    return { status: 202, json: {} };
  }),
} satisfies Record<keyof Operations, Route>;

export const routes: readonly Route[] = Object.values(byOperation);

/** The pattern of the document cannot tell a 13th month. */
function checkTime(text: string): void {
  if (Number.isNaN(Date.parse(text)))
    throw new ThubanError('TH6012', `there is no such time as ${shown(text)}`, {
      hint: 'write it as `2026-01-31T10:00:00Z`',
      details: { in: 'query', key: 'since' },
    });
}
