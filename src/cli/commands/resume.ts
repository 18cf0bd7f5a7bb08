import type { Command } from 'commander';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

export function resume(program: Command): void {
  changing(program.command('resume').description('go on copying after pause'))
    .argument('<name>', 'replication', replicationName)
    .action((name: string, _options, command: Command) =>
      sendCommand('resume', name, command.optsWithGlobals<ChangeOptions>()),
    );
}
