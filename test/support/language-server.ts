import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const program = join(import.meta.dirname, '../../node_modules/yaml-language-server/bin/yaml-language-server');

interface Message {
  id?: number | string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

export interface Position {
  line: number;
  character: number;
}

export interface EditorDiagnostic {
  message: string;
  range: { start: Position; end: Position };
}

export interface Completion {
  label: string;
  insertText?: string;
  documentation?: string | { value: string };
}

/** The settings of an editor, as its user writes them below `yaml`. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * yaml-language-server as an editor runs it: the Language Server Protocol over stdin and stdout. Nothing is fetched: the catalogues of
 * schemas are off.
 */
export class LanguageServer {
  readonly #process: ChildProcess;
  readonly #settings: Settings;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #diagnostics = new Map<string, (found: EditorDiagnostic[]) => void>();
  #unread = Buffer.alloc(0);
  #id = 0;

  private constructor(settings: Settings) {
    this.#settings = { schemaStore: { enable: false }, kubernetesCRDStore: { enable: false }, ...settings };
    this.#process = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.#process.once('exit', (code, signal) => {
      const error = { message: `the language server ended with ${code ?? signal ?? ''}` };
      for (const answer of this.#answers.values()) answer({ error });
    });
  }

  static async start(settings: Settings = {}): Promise<LanguageServer> {
    const server = new LanguageServer(settings);
    await server.#ask('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
        textDocument: {
          completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } },
          hover: { contentFormat: ['markdown'] },
        },
      },
    });
    server.#tell('initialized', {});
    return server;
  }

  /** Opens a text as the file of this path, and resolves with what is found in it. The file itself need not exist. */
  async open(path: string, text: string): Promise<EditorDiagnostic[]> {
    const uri = pathToFileURL(path).href;
    const found = new Promise<EditorDiagnostic[]>((resolve) => this.#diagnostics.set(uri, resolve));
    this.#tell('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } });
    return await found;
  }

  async complete(path: string, position: Position): Promise<Completion[]> {
    const result = await this.#ask('textDocument/completion', at(path, position));
    return Array.isArray(result) ? (result as Completion[]) : (result as { items: Completion[] }).items;
  }

  /** The text that is shown beside a key; undefined where there is none. */
  async hover(path: string, position: Position): Promise<string | undefined> {
    const result = (await this.#ask('textDocument/hover', at(path, position))) as {
      contents: { value: string };
    } | null;
    return result?.contents.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ask('shutdown', null);
    const ended = once(this.#process, 'exit');
    this.#tell('exit', null);
    await ended;
  }

  async #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#id;
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#send({ id, method, params });
    const { error, result } = await answer;
    this.#answers.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #tell(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  #send(message: Message): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    this.#process.stdin?.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.#process.stdin?.write(body);
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const end = this.#unread.indexOf('\r\n\r\n');
      const length = /Content-Length: (\d+)/i.exec(this.#unread.toString('latin1', 0, Math.max(end, 0)))?.[1];
      if (end === -1 || length === undefined || this.#unread.length < end + 4 + Number(length)) return;
      const body = this.#unread.subarray(end + 4, end + 4 + Number(length));
      this.#unread = this.#unread.subarray(end + 4 + Number(length));
      this.#take(JSON.parse(body.toString()) as Message);
    }
  }

  #take({ id, method, params, ...answer }: Message): void {
    if (method === undefined) {
      if (typeof id === 'number') this.#answers.get(id)?.(answer);
      return;
    }
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: EditorDiagnostic[] };
      this.#diagnostics.get(uri)?.(diagnostics);
    }
    if (id === undefined) return;
    // The server asks for its settings, and to be told of changes; to all but the first there is nothing to say.
    const { items = [] } = (params ?? {}) as { items?: { section: string }[] };
    const result = items.map(({ section }) => (section === 'yaml' ? this.#settings : {}));
    this.#send({ id, result: method === 'workspace/configuration' ? result : null });
  }
}

function at(path: string, position: Position): unknown {
  return { textDocument: { uri: pathToFileURL(path).href }, position };
}
