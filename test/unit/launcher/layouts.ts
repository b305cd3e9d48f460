import assert from 'node:assert/strict';

type Field = 'u32' | 'u64' | 'str' | 'list' | 'numbers' | 'block';

export interface Block {
  op: number;
  payload: Buffer;
}

/** The steps of an encoded list, cut by their own sizes. */
export function blocksOf(bytes: Buffer): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32LE(at + 4);
    blocks.push({ op: bytes.readUInt32LE(at), payload: bytes.subarray(at + 8, at + 8 + size) });
    at += 8 + size;
  }
  return blocks;
}

/** How many bytes a reader of these fields takes from a payload. */
export function sizeBy(fields: readonly Field[], payload: Buffer): number {
  let at = 0;
  const text = (): void => {
    const size = payload.readUInt32LE(at);
    assert.equal(payload[at + 4 + size], 0, 'a string ends with NUL');
    at += 4 + size + 1;
  };
  const count = (): number => {
    at += 4;
    return payload.readUInt32LE(at - 4);
  };
  for (const field of fields) {
    if (field === 'u32') at += 4;
    else if (field === 'u64') at += 8;
    else if (field === 'str') text();
    else {
      const entries = count();
      if (field === 'numbers') at += 4 * entries;
      else if (field === 'block') at += entries;
      else for (let i = 0; i < entries; i++) text();
    }
  }
  return at;
}

/** What the C sources read for each step, taken from the calls in their `case` branches. */
export function stepLayouts(
  sources: Record<
    'dev' | 'enter' | 'keep' | 'mounts' | 'overlay' | 'program' | 'sockets' | 'spawn' | 'squashfs' | 'user',
    string
  >,
): Record<string, Field[]> {
  const image = /void read_image\(.*?\n\}/s.exec(sources.squashfs)?.[0].replaceAll('read_image(', '');
  assert.ok(image !== undefined, 'squashfs.c reads an image');
  // What is read in a function of its own is put in its place.
  const upper = /void read_upper\(.*?\n\}/s.exec(sources.overlay)?.[0].replaceAll('read_upper(', '') ?? '';
  const mounts = sources.mounts
    .replaceAll('read_image(', image)
    .replaceAll('read_places(', 'read_list(')
    .replaceAll('read_upper(', upper);
  const layouts: Record<string, Field[]> = { ...cases(mounts), ...cases(sources.program) };
  // The launcher itself takes the first step apart, the init the one that ends in execve.
  assert.match(sources.spawn, /op == STEP_NAMESPACES && step_size == 8/);
  assert.match(sources.spawn, /op == STEP_ENTER && step_size == 24/);
  layouts['namespaces'] = ['u64'];
  const exec = /op == STEP_EXEC\) \{(.*?)\}/s.exec(sources.program)?.[1];
  assert.ok(exec !== undefined, 'program.c reads STEP_EXEC');
  layouts['exec'] = fields(exec);
  // Read ahead of the steps, and in a function of its own.
  for (const [name, code] of [
    ['seccomp', /op == STEP_SECCOMP\) \{(.*?)\n {4}\}/s],
    ['enter', /void read_enter\(.*?\n\}/s],
    ['socket', /void read_socket\(.*?\n\}/s],
    ['node', /void read_node\(.*?\n\}/s],
    ['persist', /void read_kept\(.*?\n\}/s],
    ['user_namespace', /void read_users\(.*?\n\}/s],
    ['sched', /static int schedule\(.*?\n\}/s],
  ] as const)
    layouts[name] = fields(
      code.exec(sources.program + sources.sockets + sources.dev + sources.enter + sources.keep + sources.user)?.[0] ??
        '',
    );
  return layouts;
}

function cases(source: string): Record<string, Field[]> {
  const body = source.slice(source.lastIndexOf('switch (op)'));
  const layouts: Record<string, Field[]> = {};
  for (const [, name = '', code = ''] of body.matchAll(/case STEP_([A-Z_]+):(.*?)(?=case STEP_|default:)/gs))
    layouts[name.toLowerCase()] = fields(code);
  return layouts;
}

function fields(code: string): Field[] {
  const found: Field[] = [];
  for (const [, call = '', size = ''] of code.matchAll(/\bread_(u32|u64|str|list|bytes)\(&?\w+,? ?([^)]*)/g)) {
    if (call !== 'bytes') found.push(call as Field);
    // It follows the count that was read before it.
    else found[found.length - 1] = size.startsWith('4 *') ? 'numbers' : 'block';
  }
  return found;
}
