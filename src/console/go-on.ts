import type { IncomingMessage, ServerResponse } from 'node:http';

const told = new WeakSet<IncomingMessage>();

/** Tells a client that has asked (`Expect: 100-continue`) to send the body: what can be refused without it has been. */
export function goOn(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect === undefined) return;
  told.add(request);
  response.writeContinue();
}

/** A client that has asked, and was not told: it has sent nothing of the body. */
export function waitsForLeave(request: IncomingMessage): boolean {
  return request.headers.expect !== undefined && !told.has(request);
}
