export { checksumOf, type Checksum, type Checksums } from './checksums.ts';
export type { PackageContents, PackageMember } from './examine.ts';
export { generateKey, type GeneratedKey } from './generate-key.ts';
export { keyIdOf, loadKey, loadSigningKey, type KeyOptions, type SigningKey, type TrustedKey } from './keys.ts';
export { lacksInit } from './init-in-root.ts';
export { compressions, type Compression } from './make-image.ts';
export {
  signManifest,
  signatureFileOf,
  verifyManifestSignature,
  type ManifestSignatureResult,
} from './manifest-signature.ts';
export { openPackage, type OpenOptions, type PackageResult } from './open.ts';
export { pack, type PackOptions, type Packed } from './pack.ts';
export { receivePackage, type PackageSink, type ReceiveLimits } from './receive.ts';
export type { PackageRules } from './signature.ts';
export type { Superblock } from './superblock.ts';
export { VerifiedPackages } from './verified.ts';
