/** What stops a release; the hint can be typed. */
export class ReleaseError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
