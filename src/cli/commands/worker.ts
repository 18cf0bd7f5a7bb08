import { Option, type Command } from 'commander';
import { configPath, loadConfig } from '../../config/load.ts';
import type { WorkerRole } from '../../config/schema.ts';
import type { CommonOptions } from '../options.ts';

interface WorkerOptions extends CommonOptions {
  readonly role?: WorkerRole;
}

export function worker(program: Command): void {
  program
    .command('worker')
    .description('run a worker until SIGTERM or SIGINT')
    .addOption(
      new Option('--role <role>', 'which task queues it works on (default: worker.role of the file)').choices([
        'control',
        'pump',
        'all',
      ]),
    )
    .action(async (_options, command: Command) => {
      const { config: file, role } = command.optsWithGlobals<WorkerOptions>();
      const config = await loadConfig(configPath(file));
      const { runWorker } = await import('../../worker/run-worker.ts');
      await runWorker(config, { role: role ?? config.worker.role });
    });
}
