/** RLIMIT_* of asm-generic/resource.h, which x86, ARM and RISC-V share. */
const numbers: Record<string, number> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

export function rlimitNumber(resource: string): number {
  const number = numbers[resource];
  if (number === undefined) throw new RangeError(`unknown resource limit ${resource}`);
  return number;
}
