/** What happens to a call: linux/seccomp.h, SECCOMP_RET_*. */
export const Verdict = {
  KILL_PROCESS: 0x8000_0000,
  LOG: 0x7ffc_0000,
  ALLOW: 0x7fff_0000,
  errno: (number: number): number => 0x0005_0000 | (number & 0xffff),
} as const;

/** Looks at one argument, as 64 bits without a sign: true if it is one of `values`, or has no bit outside of `mask`. */
export interface ArgumentCheck {
  /** 0 to 5. */
  index: number;
  values: readonly bigint[];
  mask?: bigint;
}

/** `when` is absent: whatever its arguments are. The first rule for a call that holds decides. */
export interface CallRule {
  call: string;
  when?: ArgumentCheck;
  verdict: number;
}

/** A filter of system calls before it is compiled. */
export interface FilterPolicy {
  rules: readonly CallRule[];
  /** For every call that no rule decides. */
  otherwise: number;
}

/** The system calls of one architecture. */
export interface SyscallTable {
  /** AUDIT_ARCH_* of linux/audit.h. */
  arch: number;
  numbers: Readonly<Record<string, number>>;
}
