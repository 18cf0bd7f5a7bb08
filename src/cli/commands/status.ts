import type { Command } from 'commander';
import { replicationName, type CommonOptions } from '../options.ts';
import { print } from '../output.ts';
import { withTemporal } from '../temporal.ts';

interface StatusOptions extends CommonOptions {
  readonly queues?: boolean;
}

export function status(program: Command): void {
  program
    .command('status')
    .description('show how a replication, or all of them, are doing')
    .argument('[name]', 'replication', replicationName)
    .option('--queues', 'show each queue, not only the sum of each topic')
    .action(async (name: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<StatusOptions>();
      if (name === undefined) {
        const { listText, replicationList } = await import('../status/list.ts');
        const list = await withTemporal((temporal) => replicationList(temporal, options.config));
        print(options, list, listText(list));
      } else {
        const { replicationReport } = await import('../status/report.ts');
        const { reportText } = await import('../status/report-text.ts');
        const report = await withTemporal((temporal) => replicationReport(temporal, name, options.config));
        print(options, report, reportText(report, options.queues ?? false));
      }
    });
}
