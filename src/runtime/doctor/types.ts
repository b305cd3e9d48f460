/** `enforced` and `ignored`: it was tried; `present`: there is nothing to enforce; `absent`: this kernel does not have it. */
export type Result = 'enforced' | 'ignored' | 'present' | 'absent' | 'not tried';

/** What was found. */
export interface Finding {
  result: Result;
  /** What was seen, in numbers where there are some. */
  proof: string;
  /** Nothing is wrong, or not so that anybody would notice: never more than a remark. */
  harmless?: true;
  /** Instead of what usually helps. */
  remedy?: string;
}

/** One line of the doctor. Names of checks never change. */
export interface Check {
  check: string;
  result: Result;
  proof: string;
  /** What to do, when something is to be done. */
  remedy?: string;
  /** Of the kernel's build or its command line, where that is the remedy. */
  kernel_option?: string;
  /** `problem`: a container that needs it cannot have it. */
  status: 'ok' | 'remark' | 'problem';
  /** Ids of the installed containers that need it. */
  affects: string[];
}
