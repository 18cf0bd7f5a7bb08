import type { Command } from 'commander';
import { blockedQueue, changing, wholeNumber, type BlockedQueueOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

interface AcceptHistoryOptions extends BlockedQueueOptions {
  readonly from?: number;
}

export function acceptHistory(program: Command): void {
  changing(
    blockedQueue(
      program
        .command('accept-history')
        .description(
          'go on although the source holds something else than what was copied (the queue is BLOCKED by history)',
        ),
    ).option('--from <offset>', 'first source offset to copy (default: the first that differs)', wholeNumber),
  ).action(async (name: string, _options, command: Command) => {
    const { topic, queue, source, broker, from, ...options } = command.optsWithGlobals<AcceptHistoryOptions>();
    await sendCommand('acceptHistory', name, options, { topic, queue, source, broker, from });
  });
}
