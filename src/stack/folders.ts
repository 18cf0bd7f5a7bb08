import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const PRODUCT = 'rocketmq-global-replicator';

/** Where downloaded servers are kept: `REPLICATOR_CACHE`, else the user's cache folder. Safe to delete at any time. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.REPLICATOR_CACHE) return resolve(env.REPLICATOR_CACHE);
  return join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), PRODUCT);
}

/** Where the stack keeps settings, data and logs: `REPLICATOR_STACK_HOME`, else the user's data folder. */
export function stackHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.REPLICATOR_STACK_HOME) return resolve(env.REPLICATOR_STACK_HOME);
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), PRODUCT, 'stack');
}
