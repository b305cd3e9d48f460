/** How large a release and its parts are, in bytes. */
export interface Sizes {
  path: string;
  tarball: number;
  unpacked: number;
  bundle: number;
  launcher: number;
  init: number;
}

const PARTS = ['tarball', 'unpacked', 'bundle', 'launcher', 'init'] as const;

/** The lines of a table, in KiB. */
export function sizeTable(sizes: readonly Sizes[]): string[] {
  const width = Math.max(...sizes.map(({ path }) => path.length));
  const cell = (text: string): string => text.padStart(10);
  return [
    ['KiB'.padEnd(width), ...PARTS.map(cell)].join(''),
    ...sizes.map((each) =>
      [each.path.padEnd(width), ...PARTS.map((part) => cell(String(Math.ceil(each[part] / 1024))))].join(''),
    ),
  ];
}
