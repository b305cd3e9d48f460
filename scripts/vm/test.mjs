#!/usr/bin/env node
// Boots virtual machines and runs the root tests and the demo in them; `node scripts/vm/test.mjs --help`.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
