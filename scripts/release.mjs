#!/usr/bin/env node
// Makes the tarballs that a board is set up with; `node scripts/release.mjs --help`.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./release/main.ts');
process.exitCode = await main(process.argv.slice(2));
