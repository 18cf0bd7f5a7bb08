import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadedConfig } from '../../config/types.ts';
import { describeExecution, listExecutions } from '../executions.ts';
import { configIfThere, noSuchReplication } from '../status/list.ts';
import type { Temporal } from '../temporal.ts';
import { FlowWatch } from './flow-watch.ts';
import type { FlowSample } from './sample.ts';

export interface WatchOptions {
  readonly name: string | undefined;
  readonly config: string | undefined;
  /** Between two refreshes. ms */
  readonly intervalMs: number;
  /** Ends after so many refreshes. */
  readonly count: number;
  readonly signal: AbortSignal;
}

/** How long Temporal may take to list the replications. ms */
const LIST_MS = 5_000;

/**
 * Shows how replications are doing, again and again until the signal. Trouble with a cluster or with Temporal shows in the row.
 * @throws CommandFailed where neither Temporal nor the file knows the replication
 */
export async function watchReplications(
  temporal: Temporal,
  { name, config: file, intervalMs, count, signal }: WatchOptions,
  show: (flows: readonly FlowSample[]) => void,
): Promise<void> {
  const config = await configIfThere(file);
  const names = name === undefined ? await namesOf(temporal, config) : [await known(temporal, config, name)];
  const flows = names.map((each) => new FlowWatch(each, temporal, config));
  const ended = aborted(signal);
  try {
    for (let refreshes = 0; refreshes < count; refreshes++) {
      if (refreshes > 0) await sleep(intervalMs, undefined, { signal });
      show(
        await Promise.race([ended, Promise.all(flows.map((flow) => flow.sample())).then((samples) => samples.flat())]),
      );
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const flow of flows) flow.close();
  }
}

/** What runs, and what the file names. */
async function namesOf(temporal: Temporal, config: LoadedConfig | undefined): Promise<string[]> {
  const executions = await temporal.connection.withDeadline(Date.now() + LIST_MS, () => listExecutions(temporal));
  const running = [...executions.values()].filter(({ status }) => status === 'RUNNING').map(({ name }) => name);
  return [...new Set([...running, ...(config?.replications.keys() ?? [])])].sort();
}

async function known(temporal: Temporal, config: LoadedConfig | undefined, name: string): Promise<string> {
  if (config?.replications.has(name) || (await describeExecution(temporal, name))) return name;
  throw noSuchReplication(temporal, name, config);
}

/** Fails when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    const fail = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  promise.catch(() => undefined);
  return promise;
}
