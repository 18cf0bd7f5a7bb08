import type { Command } from 'commander';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

export function stop(program: Command): void {
  changing(
    program
      .command('stop')
      .description('stop copying and end the workflow; a new start goes on exactly where it stood'),
  )
    .argument('<name>', 'replication', replicationName)
    .action((name: string, _options, command: Command) =>
      sendCommand('stop', name, command.optsWithGlobals<ChangeOptions>()),
    );
}
