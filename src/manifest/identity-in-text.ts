/** Name and version of a text that may be no YAML at all: only from lines that say it plainly. */
export function identityInText(text: string): { name?: string; version?: string } {
  const name = /^name:[ \t]*["']?([\w.-]{1,1024})["']?[ \t]*(?:#.*)?\r?$/m.exec(text)?.[1];
  const version = /^version:[ \t]*["']?(\d{1,10}\.\d{1,10}\.\d{1,10})["']?[ \t]*(?:#.*)?\r?$/m.exec(text)?.[1];
  return { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
}
