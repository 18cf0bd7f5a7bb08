import type { Command } from 'commander';
import { atLeastOne, replicationName, seconds, type CommonOptions } from '../options.ts';
import { withTemporal } from '../temporal.ts';

interface WatchCommandOptions extends CommonOptions {
  readonly interval: number;
  readonly count?: number;
}

export function watch(program: Command): void {
  program
    .command('watch')
    .description('follow state, rate, lag and age of the oldest waiting message by queue, until Ctrl-C')
    .argument('[name]', 'replication (default: all that run or that the file names)', replicationName)
    .option('--interval <seconds>', 'time between two refreshes', seconds, 2)
    .option('--count <number>', 'end after so many refreshes', atLeastOne)
    .action(async (name: string | undefined, _options, command: Command) => {
      const { config, json, interval, count = Infinity } = command.optsWithGlobals<WatchCommandOptions>();
      const { watchReplications } = await import('../watch/watch.ts');
      const { viewOn } = await import('../watch/view-on.ts');
      const stop = new AbortController();
      const end = () => {
        stop.abort();
      };
      process.once('SIGINT', end).once('SIGTERM', end);
      // whoever read our output is gone
      process.stdout.once('error', end);
      const view = viewOn(process.stdout, json ?? false);
      try {
        const options = { name, config, intervalMs: interval * 1000, count, signal: stop.signal };
        await withTemporal((temporal) => watchReplications(temporal, options, view.show));
      } finally {
        view.end();
        process.off('SIGINT', end).off('SIGTERM', end);
      }
    });
}
