import { talk } from './talk.ts';

/** After so long a person wonders what a command waits for. */
const PATIENCE_MS = 500;

/**
 * Does what waits for the daemon. Ctrl-C only leaves: the process ends with 130 after it has said what goes on without it.
 */
export async function leavable<T>(work: Promise<T>, goesOn: () => string): Promise<T> {
  const leave = (): void => {
    talk(goesOn());
    process.exit(130);
  };
  process.once('SIGINT', leave);
  try {
    return await work;
  } finally {
    process.off('SIGINT', leave);
  }
}

/** Tells a person at a terminal what is waited for, when it takes long enough to wonder. */
export async function explained<T>(
  work: Promise<T>,
  explain: (() => string | Promise<string>) | undefined,
): Promise<T> {
  if (explain === undefined) return work;
  let waiting = true;
  const timer = setTimeout(() => {
    // Only a courtesy: what keeps the daemon from telling shows in the work itself.
    Promise.resolve()
      .then(explain)
      .then(
        (text) => {
          if (waiting) talk(text);
        },
        () => undefined,
      );
  }, PATIENCE_MS);
  try {
    return await work;
  } finally {
    waiting = false;
    clearTimeout(timer);
  }
}
