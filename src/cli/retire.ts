import { configPath, loadConfig } from '../config/load.ts';
import { ifAllowed } from '../journal/allowed.ts';
import { forgetFlow } from '../journal/forget.ts';
import { readJournal } from '../journal/journal.ts';
import { chooseTopics } from '../pump/prepare/choose-topics.ts';
import { retireFlow } from '../pump/retire-flow.ts';
import type { ReplicationInput } from '../replication/input.ts';
import { topicsIn } from '../replication/queue-map.ts';
import type { Cluster } from '../transport/types.ts';
import { withCluster } from './clusters.ts';
import { describeExecution } from './executions.ts';
import { CommandFailed } from './failure.ts';
import type { ChangeOptions } from './options.ts';
import { print } from './output.ts';
import { sendCommand } from './send-command.ts';
import { withTemporal } from './temporal.ts';

/**
 * Stops a replication that runs and has it clean up; cleans up behind one that does not run, as the configuration file names it.
 * @throws CommandFailed where the file does not name it
 */
export async function retireReplication(name: string, options: ChangeOptions): Promise<void> {
  const execution = await withTemporal((temporal) => describeExecution(temporal, name));
  if (execution?.status === 'RUNNING') await sendCommand('stop', name, options, { retire: true });
  else {
    await cleanUp(name, options.config);
    print(options, { name, done: true, state: 'STOPPED' }, `replication ${name}: its consumer groups are removed`);
  }
}

async function cleanUp(name: string, file: string | undefined): Promise<void> {
  const config = await loadConfig(configPath(file));
  const entry = config.replications.get(name);
  if (!entry)
    throw new CommandFailed(
      `replication ${name} does not run, and ${config.path} does not name it, so it is not known between which clusters it copied`,
    );
  await withCluster(config.clusters.get(entry.source)!, (from) =>
    withCluster(config.clusters.get(entry.destination)!, (to) => cleanUpBetween(name, entry, from, to)),
  );
}

/** It may have copied both ways, by its mode or because it was reversed. */
export async function cleanUpBetween(
  replication: string,
  choice: Pick<ReplicationInput, 'topics' | 'exclude' | 'groups'>,
  from: Cluster,
  to: Cluster,
): Promise<void> {
  for (const [source, destination] of [
    [from, to],
    [to, from],
  ] as const) {
    const flow = { replication, source: source.name, destination: destination.name };
    const known = (await readJournal(destination, flow)) ?? (await ifAllowed(readJournal(source, flow)));
    const copied = topicsIn(known?.map ?? []);
    // what a journal does not tell, or not any more, is what the flow would copy today
    const topics = copied.length > 0 ? copied : (await chooseTopics(source, choice)).map(({ name }) => name);
    await retireFlow(replication, source, destination, topics);
    await forgetFlow(source, destination, replication);
  }
}
