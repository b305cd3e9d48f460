export { ConsoleClient, type ConsoleClientOptions } from './client.ts';
export { ContainerConsoles, type ContainerConsolesOptions } from './container-consoles.ts';
export type { ExecConnection, TakeOutput } from './client/exec.ts';
export type { ConsoleLog } from './handle-request.ts';
export type { Permission } from './generated/operations.d.ts';
export { defaultLimits, type ConsoleLimits } from './limits.ts';
export { ConsoleServer, type ConsoleServerOptions, type ConsoleSocket } from './server.ts';
