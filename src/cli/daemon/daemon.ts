import { placesOf, version } from '../../base/index.ts';
import { loadConfig, printConfig, type Config, type ConfigFlags, type ConfigResult } from '../../config/index.ts';
import { ConsoleServer, ContainerConsoles } from '../../console/index.ts';
import { Daemon, type DaemonEnd, type DaemonOptions } from '../../runtime/index.ts';
import type { Context } from '../context.ts';
import { printError } from '../print-error.ts';
import { printConfigErrors } from './config-errors.ts';
import { openLogger, type Logger } from './logger.ts';
import { EndSignals } from './signals.ts';
import { resolveSockets } from './sockets.ts';

export interface DaemonFlags {
  config?: string;
  repository?: string;
  runDir?: string;
  dataDir?: string;
  socket?: string;
  cgroupParent?: string;
  printConfig?: boolean;
}

/** Ended because a container with `autostart: critical` did. */
const CRITICAL = 3;

/** Runs until it is told to end. Resolves with the exit code of the process. */
export async function daemon(flags: DaemonFlags, context: Context): Promise<number> {
  const loaded = loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    env: process.env,
    places: placesOf(),
    flags: configFlags(flags),
  });
  printConfigErrors(loaded, context);
  if (!loaded.ok) return 1;
  if (flags.printConfig === true) {
    process.stdout.write(printConfig(loaded.config, loaded.origins));
    return 0;
  }
  const logger = openLogger(loaded.config.daemon.log_level);
  const signals = new EndSignals();
  try {
    const end = await serve(loaded, logger, signals, context);
    return end.critical === undefined ? 0 : CRITICAL;
  } finally {
    signals.release();
    logger.flush();
  }
}

async function serve(
  loaded: ConfigResult & { ok: true },
  logger: Logger,
  signals: EndSignals,
  context: Context,
): Promise<DaemonEnd> {
  const { config, origins } = loaded;
  const { log } = logger;
  const hasDefaultSocket = origins.get('console.sockets[0].group')?.layer === 'default';
  const sockets = resolveSockets(config.console.sockets, hasDefaultSocket, log);
  const began = performance.now();
  const consoles = new ContainerConsoles({ limits: config.console.limits, log });
  const supervisor = await Daemon.open({ ...optionsOf(config, log), consoles });
  let server: ConsoleServer;
  try {
    server = await ConsoleServer.listen({
      sockets,
      control: supervisor.control,
      limits: config.console.limits,
      log,
    });
  } catch (error) {
    // Nothing was started yet. What was taken over is the next daemon's, and this process must not notice its end.
    await supervisor.close({ keep: supervisor.tookOver });
    printError(error, context);
    exitAtOnce(logger, 1);
  }
  consoles.serve(supervisor.control);
  const { launcher, containers } = supervisor.control.version();
  log('info', `thuban ${version} is ready`, {
    ready: true,
    pid: process.pid,
    launcher: launcher.pid,
    containers,
    sockets: sockets.map(({ path }) => path),
    after_ms: Math.round(performance.now() - began),
  });
  supervisor.run();
  const end = await Promise.race([supervisor.ending, signals.first]);
  log('info', end.keep ? 'ends, and leaves its containers to the next daemon' : 'ends with all of its containers', {
    ...end,
  });
  signals.onSecond(() => void supervisor.hurry());
  await supervisor.close(end);
  await Promise.all([server.close(), consoles.close()]);
  log('info', 'ended');
  if (end.keep) exitAtOnce(logger, 0);
  return end;
}

/** Whatever of this process still holds a container must not notice that the launcher is gone for it. */
function exitAtOnce(logger: Logger, code: number): never {
  logger.flush();
  process.exit(code);
}

function configFlags({ repository, runDir, dataDir, socket, cgroupParent }: DaemonFlags): ConfigFlags {
  return {
    ...(repository === undefined ? {} : { 'repositories.default.dir': repository }),
    ...(runDir === undefined ? {} : { run_dir: runDir }),
    ...(dataDir === undefined ? {} : { data_dir: dataDir }),
    ...(socket === undefined ? {} : { 'console.sockets': socket }),
    ...(cgroupParent === undefined ? {} : { 'cgroups.parent': cgroupParent }),
  };
}

function optionsOf(config: Config, log: DaemonOptions['log']): Omit<DaemonOptions, 'consoles'> {
  return {
    runDir: config.run_dir,
    repositories: Object.fromEntries(Object.entries(config.repositories).map(([id, one]) => [id, repositoryOf(one)])),
    installSize: config.console.limits.install_size,
    installPatience: config.console.limits.stream_timeout,
    watch: config.watch,
    dataDir: config.data_dir,
    schedule: {
      gate: { mode: config.schedule.clock_gate, timeout: config.schedule.clock_gate_timeout },
      timeZone: config.schedule.time_zone,
    },
    cgroups: config.cgroups,
    lease: config.daemon.lease,
    concurrency: config.start.concurrency,
    shutdownTimeout: config.shutdown.timeout,
    logs: config.logs,
    restart: config.restart,
    eventHistory: config.console.event_history,
    sockets: config.console.sockets.map(({ path }) => path),
    log,
  };
}

function repositoryOf(config: Config['repositories'][string]): DaemonOptions['repositories'][string] {
  const { dir, keys, require_signature: requireSignature, capacity_number: number, capacity_size: size } = config;
  return {
    dir,
    keys,
    requireSignature,
    ...(number === 'unlimited' ? {} : { capacityNumber: number }),
    ...(size === 'unlimited' ? {} : { capacitySize: size }),
  };
}
