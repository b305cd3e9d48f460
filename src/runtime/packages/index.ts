export { Packages } from './packages.ts';
