import type { RocketmqRuntime } from '../rocketmq-servers.ts';
import { StackError } from '../stack-error.ts';
import { findJava } from './java.ts';
import { rocketmqJars } from './rocketmq.ts';
import { temporalCli } from './temporal-cli.ts';

/** Everything that the stack runs. */
export interface Servers {
  readonly cli: string;
  readonly runtime: RocketmqRuntime;
}

/** Finds or fetches what the stack runs. @throws StackError naming everything that is missing, before anything is fetched */
export async function fetchServers(progress: (line: string) => void): Promise<Servers> {
  const found = await Promise.allSettled([findJava(), rocketmqJars(), temporalCli()]);
  const [java, jars, cli] = found;
  if (java.status === 'rejected' || jars.status === 'rejected' || cli.status === 'rejected')
    throw new StackError(
      found.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).message] : [])).join('\n'),
    );
  const [classPath, path] = await Promise.all([jars.value(progress), cli.value(progress)]);
  return { runtime: { java: java.value, classPath }, cli: path };
}
