export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** One that nobody needs to listen to: whoever wants to know asks for the promise. */
export function optionalDeferred<T>(): Deferred<T> {
  const made = deferred<T>();
  made.promise.catch(() => undefined);
  return made;
}
