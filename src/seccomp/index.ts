export { MAX_INSTRUCTIONS } from './assembler.ts';
export { compileFilter, type CompiledFilter } from './compile.ts';
export { defaultProfile, profileCalls } from './default-profile.ts';
export { Verdict, type ArgumentCheck, type CallRule, type FilterPolicy, type SyscallTable } from './policy.ts';
