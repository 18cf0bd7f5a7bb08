import type { Command } from 'commander';
import { changing, replicationName, type ChangeOptions } from '../options.ts';
import { sendCommand } from '../send-command.ts';

interface RedriveOptions extends ChangeOptions {
  readonly topic: string;
}

export function redrive(program: Command): void {
  changing(
    program
      .command('redrive')
      .description('try again what the destination refused: messages in quarantine, and queues that one blocks')
      .argument('<name>', 'replication', replicationName)
      .requiredOption('--topic <topic>', 'topic of the messages'),
  ).action(async (name: string, _options, command: Command) => {
    const { topic, ...options } = command.optsWithGlobals<RedriveOptions>();
    await sendCommand('redrive', name, options, { topic });
  });
}
