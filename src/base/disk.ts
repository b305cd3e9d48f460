import { readFileSync } from 'node:fs';

/**
 * Which disk a device number means now: the number that the kernel gives each disk when it comes, and again when its medium is another one
 * (`diskseq`, Linux 5.15). A disk that was taken out and comes back has the same device number and another one of these. Empty where there is
 * none: older kernels, and file systems that lie on no block device of their own.
 */
export function diskOf(dev: string): string {
  const number = BigInt(dev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn);
  const folder = `/sys/dev/block/${major}:${minor}`;
  return numberIn(`${folder}/diskseq`) ?? numberIn(`${folder}/../diskseq`) ?? ''; // a partition lies in the folder of its disk
}

function numberIn(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return undefined; // there is no such disk: the caller is told by the empty text
  }
}
