type Value = string | number | boolean | readonly string[] | undefined;

/** `/v1/events` with `{follow: true, type: ['oom', 'exited']}` is `/v1/events?follow=true&type=oom&type=exited`. Undefined ones are left out. */
export function withQuery(path: string, query: Readonly<Record<string, Value>>): string {
  // Not URLSearchParams: it writes a space as `+`, which is a plus here.
  const parameters: string[] = [];
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'object' ? value : [value]) parameters.push(`${key}=${encodeURIComponent(one)}`);
  }
  return parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
}
