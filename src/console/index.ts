export { ConsoleClient, type ConsoleClientOptions } from './client.ts';
