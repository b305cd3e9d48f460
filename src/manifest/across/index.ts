export type { AcrossOptions } from './absent.ts';
export { checkAcross } from './check.ts';
export { duplicateContainer } from './duplicates.ts';
export { couldBe, type Member, type UnreadMember } from './members.ts';
export { missingResource } from './resources.ts';
