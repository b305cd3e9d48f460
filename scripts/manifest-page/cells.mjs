// What stands in the cells of the page: type, unit, range, default and meaning of a node.

/** Longer lists of words are written below a table. */
export const MANY = 8;

const KINDS = {
  memory_limit: 'size or `unlimited`',
  duration_limit: 'duration or `unlimited`',
  count_limit: 'count or `unlimited`',
  restart_count: 'number of restarts',
  rlimit_value: 'number or `unlimited`',
  cpu_time: 'CPU time',
  cpu_quota: 'CPU amount',
  file_mode: 'octal mode',
  u64: '64 bits',
};

const TYPES = { string: 'text', integer: 'whole number', number: 'number', boolean: '`true` or `false`', null: 'null' };

/** What a definition is called. */
export function kindOf(name) {
  return KINDS[name] ?? name.replaceAll('_', ' ');
}

export function factsOf(node) {
  return { type: typeOf(node), unit: unitOf(node), range: rangeOf(node), default: defaultOf(node) };
}

export function typeOf(node) {
  const kind = node.kind ?? node.$ref?.replace('#/definitions/', '');
  if (kind !== undefined) return node.properties === undefined ? kindOf(kind) : 'map';
  const types = [node.type ?? []].flat();
  const words = node.enum ?? node['x-words'] ?? wordsOf(node.pattern);
  const named = types.map((type) => {
    if (type === 'string' && words !== undefined) return words.length > MANY ? 'word' : words.map(code).join(', ');
    if (type === 'array') return `list${itemsOf(node.items)}`;
    if (type === 'object') return `map${valuesOf(node)}${tagsOf(node)}`;
    return TYPES[type];
  });
  return named.length === 0 ? 'anything' : named.join(' or ');
}

function itemsOf(items) {
  const type = items === undefined ? 'map' : typeOf(items);
  return type.startsWith('map') ? ' of maps' : ` of ${type === 'word' ? 'words' : type}`;
}

/** Of a map with free names, when its values are no maps. */
function valuesOf({ additionalProperties: values }) {
  const type = typeof values === 'object' ? typeOf(values) : 'map';
  return /\bmap\b/.test(type) ? '' : ` of name to ${type}`;
}

function tagsOf(node) {
  return node['x-tags'] === undefined ? '' : `, or tag ${node['x-tags'].map((tag) => code(`!${tag}`)).join(', ')}`;
}

/** `^(a|b)$` allows the words a and b; a path beside them is named by its first character. */
function wordsOf(pattern) {
  const words = /^\^\(?([a-z_]+(?:\|[a-z_]+)*)(\|\/\.\*)?\)?\$$/.exec(pattern ?? '');
  return words === null ? undefined : [...words[1].split('|'), ...(words[2] === undefined ? [] : ['/path'])];
}

function code(text) {
  return `\`${text}\``;
}

const UNIT = / Unit: (.*?)\.(?= [A-Z]|$)/;
const OTHERWISE = / Default: (.*?)\.(?= [A-Z]|$)/;
const MANDATORY = / (Mandatory[^.]*)\.$/;

function unitOf({ description }) {
  const unit = UNIT.exec(description)?.[1] ?? '';
  return unit === 'none' ? '' : unit;
}

function rangeOf(node) {
  const [least, most] = node['x-range'] ?? node['x-kernel-range'] ?? [node.minimum, node.maximum];
  if (least === undefined) return '';
  const shown = (bound) => (node.kind === 'file_mode' ? octal(bound) : String(bound));
  return most === undefined ? `${shown(least)} and more` : `${shown(least)} to ${shown(most)}`;
}

function defaultOf(node) {
  const mandatory = MANDATORY.exec(node.description)?.[1];
  if (mandatory !== undefined) return mandatory.toLowerCase();
  return OTHERWISE.exec(node.description)?.[1] ?? '';
}

function octal(mode) {
  return `0o${mode.toString(8).padStart(3, '0')}`;
}

/** The description without what stands in cells of its own. */
export function prose({ description }) {
  return description.replace(MANDATORY, '').replace(OTHERWISE, '').replace(UNIT, '').replaceAll('|', '\\|');
}

/** Up to the first colon or full stop that ends something. */
export function firstSentence(node) {
  return `${prose(node)
    .replace(/([.:;]|, by|, as) .*$/s, '')
    .replace(/\.$/, '')}.`;
}

const COLUMNS = [
  ['name', 'Key'],
  ['type', 'Type'],
  ['unit', 'Unit'],
  ['range', 'Range'],
  ['default', 'Default'],
  ['meaning', 'Meaning'],
  ['example', 'Example'],
];

/** Without columns in which nothing stands. */
export function table(lines) {
  const used = COLUMNS.filter(([name]) => lines.some((line) => (line[name] ?? '') !== ''));
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [
    row(used.map(([, title]) => title)),
    row(used.map(() => '---')),
    ...lines.map((line) => row(used.map(([name]) => (name === 'name' ? code(line.name) : line[name])))),
  ];
}
