import type { Range, compare } from 'semver';

declare const lazy: { semver: () => { Range: typeof Range; compare: typeof compare } };

export = lazy;
