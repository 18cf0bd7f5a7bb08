import type { Command } from 'commander';
import { blockedQueue, changing, wholeNumber, type BlockedQueueOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

interface SkipGapOptions extends BlockedQueueOptions {
  readonly to?: number;
}

export function skipGap(program: Command): void {
  changing(
    blockedQueue(
      program
        .command('skip-gap')
        .description(
          'go on behind what blocks a queue: source offsets that are gone, or a message that cannot be copied',
        ),
    ).option(
      '--to <offset>',
      'first source offset to copy again (default: the first that is still there; needed behind a message)',
      wholeNumber,
    ),
  ).action(async (name: string, _options, command: Command) => {
    const { topic, queue, source, broker, to, ...options } = command.optsWithGlobals<SkipGapOptions>();
    await sendCommand('skipGap', name, options, { topic, queue, source, broker, to });
  });
}
