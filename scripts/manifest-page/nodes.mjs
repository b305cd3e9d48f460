// Nodes of a schema as the page needs them: with what they refer to, and with what is below them.

/** A node with the definition that it refers to; `kind` is the name of that definition. */
export function complete(schema, node) {
  const kind = node.$ref?.replace('#/definitions/', '');
  return kind === undefined ? node : { ...schema.definitions[kind], ...node, kind };
}

/** Where the keys below a node are: in itself, in the entries of a list, or in those of a map with free names. */
export function innerOf(node) {
  const places = [node, node.items, node.additionalProperties];
  return places.find((one) => one?.properties !== undefined);
}

export function isMapOfKeys(node) {
  return innerOf(node) !== undefined;
}

/** A map that the schema defines once for several places. */
export function isShared(node) {
  return node.kind !== undefined && isMapOfKeys(node);
}

/** The kinds of values, without the maps among the definitions. */
export function kindsOf(schema) {
  return Object.entries(schema.definitions).filter(([, node]) => !isMapOfKeys(node));
}
