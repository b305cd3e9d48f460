/** The part of tar-stream that is used; the package has no types of its own. */
declare module 'tar-stream' {
  export interface Headers {
    name: string;
    size: number;
    type: 'file' | 'directory' | 'symlink' | 'link' | (string & {}) | null;
    mode?: number;
    uid?: number;
    gid?: number;
    mtime?: Date;
    /** Of the contents, where an archive was read. */
    byteOffset?: number;
  }

  export interface Entry extends AsyncIterable<Buffer> {
    header: Headers & { byteOffset: number };
    resume(): void;
  }

  export interface Extract extends AsyncIterable<Entry> {
    readonly destroyed: boolean;
    write(chunk: Uint8Array): boolean;
    end(): void;
    destroy(error?: Error): void;
    once(event: 'drain' | 'close', listener: () => void): this;
    off(event: 'drain' | 'close', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export interface Sink {
    write(chunk: Uint8Array): boolean;
    end(): void;
    once(event: 'drain', listener: () => void): this;
  }

  export interface Pack extends AsyncIterable<Buffer> {
    entry(header: Headers, contentsOrDone: Uint8Array | ((error?: Error | null) => void)): Sink;
    finalize(): void;
    destroy(error?: Error): void;
  }

  export function extract(): Extract;
  export function pack(): Pack;
}
