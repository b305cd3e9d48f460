#!/usr/bin/env node
// Measures Thuban beside the kernel's floor and other runtimes; `npm run bench -- --help`.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
