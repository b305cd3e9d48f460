import { ThubanError, reasonOf, writeAtomically } from '../../base/index.ts';
import { generateKey, loadSigningKey, signManifest, signatureFileOf } from '../../package/index.ts';
import type { Context } from '../context.ts';
import { loadBytesOrExplain } from '../load.ts';
import { print, printJson } from '../talk.ts';
import { isPackage } from '../validate.ts';

export function keyGenerate(name: string, { out = '.' }: { out?: string }, context: Context): number {
  const made = generateKey(name, out);
  if (context.json) printJson(made);
  else if (context.quiet) print(made.id);
  else
    print(
      `key ${made.id}\n  ${made.private_key}  signs; keep it secret, and a copy of it\n  ${made.public_key}  goes to the boards`,
    );
  return 0;
}

/** Signs manifests that have no errors; of several, the others are signed all the same. */
export function keySign(files: readonly string[], { key: keyFile = '' }: { key?: string }, context: Context): number {
  const wrong = files.find(isPackage);
  if (wrong !== undefined)
    throw new ThubanError('TH6011', `\`${wrong}\` is a package, which is signed when it is packed`, {
      hint: `thuban pack MANIFEST --root ROOT --key ${keyFile}`,
    });
  const key = loadSigningKey(keyFile);
  const signed: { file: string; signature: string; signer: string }[] = [];
  for (const file of files) {
    const read = loadBytesOrExplain(file, context);
    if (read === undefined) continue;
    const signature = signatureFileOf(file);
    try {
      writeAtomically(signature, signManifest(read.bytes, key), { mode: 0o644, sync: true });
    } catch (error) {
      throw new ThubanError('TH5013', `cannot write \`${signature}\`: ${reasonOf(error)}`, { cause: error });
    }
    signed.push({ file, signature, signer: key.id });
    if (!context.json) print(context.quiet ? signature : `signed ${file} by ${key.id}, in ${signature}`);
  }
  if (context.json) printJson(signed);
  return signed.length === files.length ? 0 : 1;
}
