import type { Command } from 'commander';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

interface StopOptions extends ChangeOptions {
  readonly retire?: boolean;
}

export function stop(program: Command): void {
  changing(
    program
      .command('stop')
      .description('stop copying and end the workflow; a new start goes on exactly where it stood')
      .argument('<name>', 'replication', replicationName)
      .option('--retire', 'it is not to be started again: remove its consumer groups, also where it does not run'),
  ).action(async (name: string, _options, command: Command) => {
    const { retire = false, ...options } = command.optsWithGlobals<StopOptions>();
    if (retire) {
      const { retireReplication } = await import('../retire.ts');
      await retireReplication(name, options);
    } else await sendCommand('stop', name, options);
  });
}
