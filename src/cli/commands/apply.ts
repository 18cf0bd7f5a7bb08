import type { Command } from 'commander';
import { configPath, loadConfig } from '../../config/load.ts';
import { CommandFailed } from '../failure.ts';
import { changing, type ChangeOptions } from '../options.ts';
import { print, table } from '../output.ts';
import { withTemporal } from '../temporal.ts';

interface ApplyOptions extends ChangeOptions {
  readonly file?: string;
}

export function apply(program: Command): void {
  changing(
    program
      .command('apply')
      .description(
        'start the replications of a file that do not run; change what may change for those that do, say what may not',
      )
      .option('-f, --file <file>', 'configuration file (default: as --config)'),
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<ApplyOptions>();
    const config = await loadConfig(configPath(options.file ?? options.config));
    const { applyConfig } = await import('../apply-config.ts');
    const results = await withTemporal((temporal) => applyConfig(temporal, config, options));
    const failed = results.filter(({ result }) => result === 'failed');
    if (failed.length > 0 && !options.json)
      process.stdout.write(
        `${table(
          ['REPLICATION', 'RESULT'],
          results.map(({ name, result }) => [name, result]),
        )}\n`,
      );
    if (failed.length > 0) throw new CommandFailed(failed.map(({ text }) => text).join('\n'));
    print(options, results, results.map(({ text }) => text).join('\n') || `${config.path} names no replications`);
  });
}
