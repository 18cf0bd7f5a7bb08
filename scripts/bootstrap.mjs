import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Makes a checkout ready to run: installs dependencies when they are missing or older than package-lock.json, and builds dist/.
 * Uses nothing but Node and npm, so that it works on a fresh clone. What it runs writes to stderr, which leaves stdout to the caller.
 */
export async function bootstrap() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`Node ${process.versions.node} is too old: install Node 20.19 or later`);
  if (dependenciesAreStale()) {
    console.error('installing dependencies');
    // Installing would build as well; it is done below, once.
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  }
  removeOrphans();
  console.error('building');
  await run('npm', ['run', '--silent', 'build']);
}

/** Runs a command of the checkout. @returns its exit status */
export function run(command, args, { env = {}, stdout = 'stderr', mayFail = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', stdout === 'stderr' ? 2 : stdout, 2],
    });
    const passOn = () => child.kill('SIGTERM');
    process.once('SIGTERM', passOn);
    child.once('error', reject);
    child.once('close', (status, signal) => {
      process.off('SIGTERM', passOn);
      if (status === 0 || mayFail) resolve(status ?? 1);
      else reject(new Error(`\`${command} ${args.join(' ')}\` ended with ${signal ?? `status ${status}`}`));
    });
  });
}

/** npm writes this file last, so it also tells an installation that was cut off. */
function dependenciesAreStale() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** Removes from dist/ what was built from sources that are gone. */
function removeOrphans() {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true })) {
    const source = /^(.*)\.(?:d\.ts|js|js\.map)$/.exec(file)?.[1];
    const isBuilt = /^(?:src|workflows|activities|demo|bench|test)[/\\]/.test(file);
    if (source !== undefined && isBuilt && !existsSync(join(root, `${source}.ts`))) rmSync(join(dist, file));
  }
}
