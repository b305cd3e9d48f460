import type { ServerResponse } from 'node:http';

/**
 * Watches that the client takes what is sent to it. Off while there is nothing to send: who waits for events may wait for ever. The time-out
 * of net.Socket begins anew with every part that the kernel takes, so a slow client is not a stalled one.
 */
export class StallWatch {
  readonly #response: ServerResponse;
  readonly #ms: number;

  /**
   * `ms`: how long the client may take nothing; then `onStalled` is told and the connection closed. `idleMs`: how long the connection may
   * stay without a request afterwards; 0: for ever.
   */
  constructor(response: ServerResponse, ms: number, idleMs: number, onStalled: () => void) {
    this.#response = response;
    this.#ms = ms;
    response.once('timeout', () => {
      onStalled();
      response.destroy();
    });
    // node:http has set the time-out of an idle connection by now, but only when there is one.
    const { socket } = response;
    response.once('finish', () => socket?.setTimeout(idleMs));
  }

  on(): void {
    this.#response.socket?.setTimeout(this.#ms);
  }

  off(): void {
    this.#response.socket?.setTimeout(0);
  }
}
