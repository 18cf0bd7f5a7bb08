import type { Command } from 'commander';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { assertNoFailover } from '../run-failover.ts';
import { sendCommand } from '../send-command.ts';
import { withTemporal } from '../temporal.ts';

export function release(program: Command): void {
  changing(
    program
      .command('release')
      .description('end the hold of a failover that will not end it itself, so that commands are obeyed again')
      .argument('<name>', 'replication', replicationName),
  ).action(async (name: string, _options, command: Command) => {
    await withTemporal((temporal) => assertNoFailover(temporal, name));
    await sendCommand('release', name, command.optsWithGlobals<ChangeOptions>());
  });
}
