import { configPath, loadConfig } from '../config/load.ts';
import { forgetFlow } from '../journal/forget.ts';
import { retireFlow } from '../pump/retire-flow.ts';
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
  const { topics } = entry;
  await withCluster(config.clusters.get(entry.source)!, (from) =>
    withCluster(config.clusters.get(entry.destination)!, async (to) => {
      // it may have copied both ways, by its mode or because it was reversed
      for (const [source, destination] of [
        [from, to],
        [to, from],
      ] as const) {
        await retireFlow(name, source, destination, topics);
        await forgetFlow(source, destination, name);
      }
    }),
  );
}
