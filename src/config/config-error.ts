/** One thing that is wrong with a configuration file. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1; absent where the file could not be read at all. */
  readonly line?: number;
  /** Such as `replications.orders.topics[0]`; empty for the file as a whole. */
  readonly path: string;
  /** What was found and what was expected. */
  readonly message: string;
}

/** The configuration cannot be used. Holds every problem that was found, not only the first; shows no secrets. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(problemText).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function problemText({ file, line, path, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return [place, ...(path === '' ? [] : [path]), message].join(': ');
}
