/** What the reader must know of a schema: types, keys, words and which quantity a value is. */
export interface Shape {
  types: readonly string[];
  quantity?: string;
  words?: readonly string[];
  required?: readonly string[];
  keys?: Readonly<Record<string, Shape>>;
  others?: Shape;
  items?: Shape;
  /** Keys of which exactly one stands here, and which may be written as tags: `!fifo {priority: 1}`. */
  tags?: readonly string[];
  /** A plain number or boolean is not taken as text here. */
  typed?: boolean;
  example?: unknown;
  /** Smallest and largest value, as one would write them: `1 KiB`. Without the second there is no largest. */
  range?: readonly [least: string | number] | readonly [least: string | number, most: string | number];
  /** What holds where the key is absent, as one would write it. */
  default?: unknown;
}

/** One difference between a value and its schema, in the words of ajv. */
export interface SchemaError {
  instancePath: string;
  schemaPath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

/** A compiled schema. `errors` are those of the last call. */
export interface Validator {
  (data: unknown): boolean;
  errors?: SchemaError[] | null;
}
