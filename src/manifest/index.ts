export { loadManifest, readManifestFile } from './load.ts';
export { MAX_BYTES } from './read-document.ts';
export { restartDefaults, stopDefaults } from './defaults.ts';
export { renderDiagnosticLine, renderDiagnostics, type RenderOptions } from './render.ts';
export { toNorthstarJson } from './northstar-json.ts';
export type {
  CgroupsSection,
  DeviceRate,
  LoadResult,
  LoadedManifest,
  Manifest,
  Mount,
  Output,
  Restart,
  Rlimit,
  Rootfs,
  Stop,
} from './manifest.ts';
