export { loadConfig, validateConfigFile, type LoadOptions } from './load-config.ts';
export type { KeyCheck } from './check-key-files.ts';
export { printConfig } from './print-config.ts';
export type { ConfigFlags } from './flags.ts';
export type {
  Config,
  ConfigResult,
  ConsoleLimits,
  ConsoleSocket,
  LayerName,
  Origin,
  Origins,
  Permission,
  Repository,
  Texts,
} from './config.ts';
