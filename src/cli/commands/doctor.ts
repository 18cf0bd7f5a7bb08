import type { Command } from 'commander';
import { configPath, loadConfig } from '../../config/load.ts';
import type { CommonOptions } from '../options.ts';
import { print, table } from '../output.ts';

export function doctor(program: Command): void {
  program
    .command('doctor')
    .description('check clusters, topics, Temporal and workers; exit code 1 when something is wrong')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const config = await loadConfig(configPath(options.config));
      const { examine } = await import('../doctor/examine.ts');
      const findings = await examine(config);
      const healthy = findings.every(({ result }) => result !== 'FAIL');
      print(
        options,
        { healthy, findings },
        table(
          ['RESULT', 'ABOUT', ''],
          findings.map(({ result, about, text }) => [result, about, text]),
        ),
      );
      if (!healthy) process.exitCode = 1;
    });
}
