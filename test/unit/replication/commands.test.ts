import { describe, expect, test } from 'vitest';
import { COMMAND_INPUTS, readCommand } from '../../../src/replication/commands.ts';
import { COMMANDS, type CommandName } from '../../../src/replication/messages.ts';

/** What these commands cannot do without. */
const NEEDED: Partial<Record<CommandName, object>> = {
  skipGap: { topic: 'orders', queue: 1 },
  redrive: { topic: 'orders' },
  rescale: { parallelism: 2 },
  acceptHistory: { topic: 'orders', queue: 1 },
  remap: { topic: 'orders', queue: 1, toQueue: 3 },
  hold: { by: 'failover/orders', operationId: 'run-1' },
  raiseEpoch: { flow: { source: 'east', destination: 'west' } },
  regain: { leave: [] },
  claimGroups: { flow: { source: 'east', destination: 'west' }, groups: ['billing'] },
  placeGroups: { flow: { source: 'east', destination: 'west' }, groups: ['billing'] },
};

describe('commands', () => {
  test.each(COMMANDS)('%s takes nothing, null, or who asked and why', (name) => {
    const fields = NEEDED[name] ?? {};
    const asked = { by: 'kim', reason: 'drill', operationId: 'x', ...fields };
    expect(readCommand(name, [asked])).toEqual({ command: { name, input: asked } });
    if (!(name in NEEDED))
      for (const args of [[], [undefined], [null], [{}]])
        expect(readCommand(name, args)).toMatchObject({ command: { name } });
  });

  test.each([
    [[{ topic: 'orders' }], 'queue: expected a number, found nothing'],
    [[{ topic: 'no spaces', queue: 0 }], 'topic: expected a topic name, found "no spaces"'],
    [[{ topic: 'orders', queue: -1 }], 'queue: expected'],
    [[{ topic: 'orders', queue: 0, to: 1.5 }], 'to: expected'],
    [[{ topic: 'orders', queue: 0, until: 5 }], 'until: expected no such field, found 5'],
    [[{ topic: 'orders', queue: 0, reason: 'x'.repeat(501) }], 'reason: expected'],
    [[[]], 'input: expected a JSON object, found []'],
    [[{}, {}], 'input: expected at most one JSON object, found 2 values'],
  ])('skipGap %j is refused: %s', (args, problem) => {
    const read = readCommand('skipGap', args);
    expect('problems' in read && read.problems.join('; ')).toContain(problem);
  });

  test('every command has an input', () => {
    expect(Object.keys(COMMAND_INPUTS).sort()).toEqual([...COMMANDS].sort());
  });
});
