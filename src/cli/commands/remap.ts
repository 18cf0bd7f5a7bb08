import type { Command } from 'commander';
import { blockedQueue, changing, wholeNumber, type BlockedQueueOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

interface RemapOptions extends BlockedQueueOptions {
  readonly toQueue: number;
  readonly toBroker?: string;
  readonly fromOffset?: number;
}

export function remap(program: Command): void {
  changing(
    blockedQueue(
      program
        .command('remap')
        .description(
          'copy a queue whose destination queue is gone into another one (the queue is BLOCKED by queue-gone)',
        ),
    )
      .requiredOption('--to-queue <number>', 'number of the destination queue', wholeNumber)
      .option('--to-broker <broker>', 'its broker (default: the one that the queue was copied to)')
      .option('--from-offset <offset>', 'first source offset to copy there (default: the next one)', wholeNumber),
  ).action(async (name: string, _options, command: Command) => {
    const { topic, queue, source, broker, toQueue, toBroker, fromOffset, ...options } =
      command.optsWithGlobals<RemapOptions>();
    await sendCommand('remap', name, options, { topic, queue, source, broker, toQueue, toBroker, fromOffset });
  });
}
