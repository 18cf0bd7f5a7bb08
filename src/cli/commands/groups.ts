import type { Command } from 'commander';
import { replicationName, type CommonOptions } from '../options.ts';
import { print } from '../output.ts';
import { withTemporal } from '../temporal.ts';

interface GroupsOptions extends CommonOptions {
  readonly queues?: boolean;
}

export function groups(program: Command): void {
  program
    .command('groups')
    .description("show where a replication's consumer groups stand on both sides")
    .argument('<name>', 'replication', replicationName)
    .option('--queues', 'show each queue, not only the sum of each topic')
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GroupsOptions>();
      const { groupsReport } = await import('../groups/report.ts');
      const { groupsText } = await import('../groups/report-text.ts');
      const report = await withTemporal((temporal) => groupsReport(temporal, name, options.config));
      print(options, report, groupsText(report, options.queues ?? false));
    });
}
