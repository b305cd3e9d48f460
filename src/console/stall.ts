import type { ServerResponse } from 'node:http';

/**
 * Watches that the client takes what is sent to it. Off while there is nothing to send: who waits for events may wait for ever. The time-out
 * of net.Socket begins anew with every part that the kernel takes, so a slow client is not a stalled one.
 */
export class StallWatch {
  readonly #response: ServerResponse;
  readonly #ms: number;

  /** `ms`: how long the client may take nothing; then `onStalled` is told and the connection closed. */
  constructor(response: ServerResponse, ms: number, onStalled: () => void) {
    this.#response = response;
    this.#ms = ms;
    response.once('timeout', () => {
      onStalled();
      response.destroy();
    });
    // Between two requests the connection's own rule holds again.
    const { socket } = response;
    response.once('finish', () => socket?.setTimeout(0));
  }

  on(): void {
    this.#response.socket?.setTimeout(this.#ms);
  }

  off(): void {
    this.#response.socket?.setTimeout(0);
  }
}
