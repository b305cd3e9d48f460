import { ThubanError } from '../base/index.ts';
import { decode } from './input.ts';
import { shown } from './refusal.ts';
import { routes, type Route } from './routes.ts';

/** The path exists, but not with this method: the one refusal whose answer carries a header of its own. */
export class WrongMethod extends ThubanError {
  readonly allow: string;

  constructor(method: string, path: string, allow: string) {
    super('TH6013', `${shown(method)} is not possible at ${path}`, {
      hint: `possible here: ${allow}`,
      details: { method, allow: allow.split(', ') },
    });
    this.allow = allow;
  }
}

interface Entry {
  route: Route;
  segments: string[];
}

const table: Entry[] = routes.map((route) => ({ route, segments: route.path.split('/') }));

/** The route of a request; `path` is without the query. Spellings are exact: no other case, no closing slash, no `..`. */
export function findRoute(method: string, path: string): { route: Route; params: Record<string, string> } {
  const segments = path.split('/');
  const found = table.filter((entry) => matches(entry.segments, segments));
  const [first] = found;
  if (first === undefined) throw unknownRoute(path);
  // HEAD is GET without a body; node:http leaves it out.
  const wanted = method === 'HEAD' ? 'GET' : method;
  const entry = found.find(({ route }) => route.method === wanted);
  if (entry === undefined)
    throw new WrongMethod(method, first.route.path, found.map(({ route }) => allowed(route)).join(', '));
  return { route: entry.route, params: paramsOf(entry.segments, segments) };
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (isParameter(part) ? segments[index] !== '' : part === segments[index]))
  );
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  pattern.forEach((part, index) => {
    if (isParameter(part)) params[part.slice(1, -1)] = decode(segments[index] ?? '');
  });
  return params;
}

function isParameter(part: string): boolean {
  return part.startsWith('{');
}

function allowed(route: Route): string {
  return route.method === 'GET' ? 'GET, HEAD' : route.method;
}

function unknownRoute(path: string): ThubanError {
  const known = routes.map(
    (route) => `${route.method} ${route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())}`,
  );
  return new ThubanError('TH6013', `there is nothing at ${shown(path)}`, { hint: `routes: ${known.join(', ')}` });
}
