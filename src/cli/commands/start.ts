import type { Command } from 'commander';
import { configPath, loadConfig } from '../../config/load.ts';
import { CommandFailed } from '../failure.ts';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { note, print } from '../output.ts';
import { startReplication } from '../start-replication.ts';
import { withTemporal } from '../temporal.ts';

export function start(program: Command): void {
  changing(program.command('start').description('start one replication of the configuration file'))
    .argument('<name>', 'replication', replicationName)
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ChangeOptions>();
      const config = await loadConfig(configPath(options.config));
      const input = config.replications.get(name);
      if (!input)
        throw new CommandFailed(
          `${config.path} has no replication ${name}; it has: ${[...config.replications.keys()].join(', ') || 'none'}`,
        );
      const started = await withTemporal((temporal) => startReplication(temporal, name, input, options));
      print(options, started, `replication ${name}: ${started.state}`);
      if (started.note !== undefined) note(`replication ${name}: ${started.note}`);
    });
}
