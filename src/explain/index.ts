export { find } from './find.ts';
export type { Example, Page } from './page.ts';
export { explanations, type Explanation } from './pages.ts';
export { places, type Place } from './places.ts';
