import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';

export interface OpenApiOperation {
  operationId: string;
  summary: string;
  'x-permission': string | null;
  'x-permission-or'?: string;
  parameters?: { name: string; in: string; description: string; schema: Record<string, unknown> }[];
  requestBody?: object;
  responses: Record<string, { $ref?: string; description?: string; content?: Record<string, { schema: object }> }>;
}

export interface Document {
  openapi: string;
  info: { description: string };
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, object>; responses: Record<string, object> };
}

export const root = join(import.meta.dirname, '../../..');

/** schemas/console.openapi.json. */
export const document = JSON.parse(readFileSync(join(root, 'schemas/console.openapi.json'), 'utf8')) as Document;

export const operations: { method: string; path: string; operation: OpenApiOperation }[] = Object.entries(
  document.paths,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

/** Checks an answer against what the document says of it. For a stream that is one record. */
export function answerCheck(
  operationId: string,
  status: number,
): { isStream: boolean; findings: (value: unknown) => unknown[] } {
  const found = operations.find(({ operation }) => operation.operationId === operationId);
  const content = found?.operation.responses[status]?.content ?? {};
  const [type, entry] = Object.entries(content)[0] ?? [];
  if (entry === undefined) throw new Error(`the document says nothing of ${operationId} ${status}`);
  const ajv = new Ajv({ strict: false, allErrors: true });
  const validate = ajv.compile({ ...entry.schema, components: document.components });
  return {
    isStream: type === 'application/x-ndjson',
    findings: (value) => (validate(value) ? [] : (validate.errors ?? [])),
  };
}
