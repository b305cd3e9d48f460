export { idsOf, type Actual, type Begun, type Desired, type RejectedFile, type Step, type Wanted } from './board.ts';
export { differences, differencesWithin, type Difference } from './differences.ts';
export { keptFor, type Kept } from './kept.ts';
export { reconcile } from './reconcile.ts';
export { View } from './view.ts';
