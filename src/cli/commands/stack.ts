import type { Command } from 'commander';
import { createExampleTopic } from '../example-topic.ts';
import { CommandFailed } from '../failure.ts';
import type { CommonOptions } from '../options.ts';
import { print } from '../output.ts';
import type { StackStatus } from '../../stack/stack-status.ts';

interface DownOptions extends CommonOptions {
  readonly purge?: boolean;
}

export function stack(program: Command): void {
  const group = program
    .command('stack')
    .description('real RocketMQ clusters (east, west) and Temporal on this machine');
  group
    .command('up')
    .description('start what does not run yet and wait until it is ready')
    .action(async (_options, command: Command) => {
      const { stackUp } = await import('../../stack/stack.ts');
      const status = await stackUp();
      await createExampleTopic(status);
      printStack(command.optsWithGlobals<CommonOptions>(), status);
    });
  group
    .command('down')
    .description('stop it')
    .option('--purge', 'remove its data as well')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<DownOptions>();
      const { stackDown } = await import('../../stack/stack.ts');
      const purge = options.purge ?? false;
      await stackDown({ purge });
      print(options, { stopped: true, purged: purge }, purge ? 'stopped, data removed' : 'stopped, data kept');
    });
  group
    .command('status')
    .description('where it is')
    .action(async (_options, command: Command) => {
      const { stackStatus } = await import('../../stack/stack.ts');
      const status = stackStatus();
      if (!status.running) throw new CommandFailed('the local stack does not run; replicator stack up starts it');
      printStack(command.optsWithGlobals<CommonOptions>(), status);
    });
}

function printStack(options: CommonOptions, { temporal, clusters, config }: StackStatus): void {
  const lines = [
    `Temporal       ${temporal.address}, UI ${temporal.ui}`,
    ...Object.entries(clusters).map(
      ([name, { nameServers, brokers, grpc }]) =>
        `cluster ${name}   name server ${nameServers.join(', ')}, broker ${brokers.join(', ')}, gRPC ${grpc}`,
    ),
    `configuration  ${config}`,
    '',
    `export TEMPORAL_ADDRESS=${temporal.address} REPLICATOR_CONFIG=${config}`,
  ];
  print(options, { temporal, clusters, config }, lines.join('\n'));
}
