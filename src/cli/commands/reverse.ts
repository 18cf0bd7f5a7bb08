import type { Command } from 'commander';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

export function reverse(program: Command): void {
  changing(
    program
      .command('reverse')
      .description('turn the direction: what is produced on the destination from now on is copied back')
      .argument('<name>', 'replication', replicationName),
  ).action(async (name: string, _options, command: Command) => {
    await sendCommand('reverse', name, command.optsWithGlobals<ChangeOptions>());
  });
}
