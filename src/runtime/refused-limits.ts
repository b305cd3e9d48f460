import { ThubanError, messageOf } from '../base/index.ts';
import type { Condition } from './events.ts';

/** Limits that could not be put in force while a run goes on: told as a condition as long as it is so. */
export class RefusedLimits {
  #refusal: { condition: Condition; of: string | undefined } | undefined;

  get condition(): Condition | undefined {
    return this.#refusal?.condition;
  }

  /** `digest`: of the manifest whose limits they are. */
  note(what: string, error: unknown, digest?: string): void {
    const code = error instanceof ThubanError ? error.code : 'TH9001';
    const message = `${what}: ${messageOf(error)}`;
    const since = this.#refusal?.condition.message === message ? this.#refusal.condition.since : undefined;
    const condition: Condition = { type: 'degraded', since: since ?? new Date().toISOString(), message, code };
    this.#refusal = { condition, of: digest };
  }

  /** All that is wanted is in force. */
  clear(): void {
    this.#refusal = undefined;
  }

  /** What is wanted now is the manifest with this digest, if any: another one is refused no more. */
  keepFor(digest: string | undefined): void {
    if (this.#refusal?.of !== undefined && this.#refusal.of !== digest) this.clear();
  }
}
