import type { Command } from 'commander';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

export function pause(program: Command): void {
  changing(program.command('pause').description('stop copying until resume; positions are kept'))
    .argument('<name>', 'replication', replicationName)
    .action((name: string, _options, command: Command) =>
      sendCommand('pause', name, command.optsWithGlobals<ChangeOptions>()),
    );
}
