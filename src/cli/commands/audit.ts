import type { Command } from 'commander';
import { replicationName, type CommonOptions } from '../options.ts';
import { note, print, table } from '../output.ts';
import { withTemporal } from '../temporal.ts';

export function audit(program: Command): void {
  program
    .command('audit')
    .description('show who commanded what, why, and what came of it')
    .argument('<name>', 'replication', replicationName)
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const { readAudit } = await import('../read-audit.ts');
      const { source, entries } = await withTemporal((temporal) => readAudit(temporal, name));
      if (source === 'history')
        note('no worker answers: read from the history of the newest run, which does not say what came of it');
      print(
        options,
        { name, source, entries },
        entries.length === 0
          ? `replication ${name}: no commands`
          : table(
              ['AT', 'COMMAND', 'BY', 'REASON', 'RESULT'],
              entries.map(({ at, command, by = '', reason = '', result }) => [at, command, by, reason, result]),
            ),
      );
    });
}
