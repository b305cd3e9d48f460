type Value = string | number | boolean | readonly string[] | undefined;

/** `/v1/events` with `{follow: true, type: ['oom', 'exited']}` is `/v1/events?follow=true&type=oom&type=exited`. Undefined ones are left out. */
export function withQuery(path: string, query: Readonly<Record<string, Value>>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'object' ? value : [value]) parameters.append(key, String(one));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
