import type { Command } from 'commander';
import { changing, replicationName, wholeNumber, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

interface RescaleOptions extends ChangeOptions {
  readonly parallelism: number;
}

export function rescale(program: Command): void {
  changing(
    program
      .command('rescale')
      .description('deal the queues of a replication out over another number of pumps')
      .argument('<name>', 'replication', replicationName)
      .requiredOption('--parallelism <number>', 'how many pumps, 1 to 256', wholeNumber),
  ).action(async (name: string, _options, command: Command) => {
    const { parallelism, ...options } = command.optsWithGlobals<RescaleOptions>();
    await sendCommand('rescale', name, options, { parallelism });
  });
}
