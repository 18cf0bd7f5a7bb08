/** What somebody asked for cannot be done until they correct it: trying again does not help. One sentence a problem. */
export class WrongInput extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'WrongInput';
    this.problems = problems;
  }
}
