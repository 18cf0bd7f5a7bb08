import type { Command } from 'commander';
import { CommandFailed } from '../failure.ts';

/** Commands that are decided but not built yet: they exist, so that nobody wonders about a misspelling. */
const LATER = [
  ['drill', 'rehearse a switchover and measure RPO and RTO'],
  ['verify', 'compare source and destination'],
] as const;

export function laterCommands(program: Command): void {
  for (const [name, description] of LATER)
    program
      .command(name)
      .description(`${description} (not available yet)`)
      .argument('[args...]')
      .allowUnknownOption()
      .action(() => {
        throw new CommandFailed(`${name} is not available yet in this release`);
      });
}
