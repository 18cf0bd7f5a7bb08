import type { Command } from 'commander';
import { changing, replicationName, wholeNumber, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

interface SkipGapOptions extends ChangeOptions {
  readonly topic: string;
  readonly queue: number;
  readonly broker?: string;
  readonly to?: number;
}

export function skipGap(program: Command): void {
  changing(
    program
      .command('skip-gap')
      .description('go on behind what blocks a queue: source offsets that are gone, or a message that cannot be copied')
      .argument('<name>', 'replication', replicationName)
      .requiredOption('--topic <topic>', 'topic of the blocked queue')
      .requiredOption('--queue <number>', 'number of the blocked source queue', wholeNumber)
      .option('--broker <broker>', 'its broker, where several have a blocked queue of this number')
      .option(
        '--to <offset>',
        'first source offset to copy again (default: the first that is still there; needed behind a message)',
        wholeNumber,
      ),
  ).action(async (name: string, _options, command: Command) => {
    const { topic, queue, broker, to, ...options } = command.optsWithGlobals<SkipGapOptions>();
    await sendCommand('skipGap', name, options, {
      topic,
      queue,
      ...(broker === undefined ? {} : { broker }),
      ...(to === undefined ? {} : { to }),
    });
  });
}
