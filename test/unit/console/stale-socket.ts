import { execFileSync } from 'node:child_process';

/** A socket whose process has died: only its file is left. */
export function staleSocket(path: string): void {
  const program = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', program, path], { stdio: 'ignore' });
  } catch {
    return; // It was to be killed.
  }
  throw new Error('the process was to die');
}
