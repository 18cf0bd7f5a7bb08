import { expect, it } from 'vitest';
import { verdicts } from '../../../../src/cli/doctor/access.ts';

const pull = { request: 'PULL_MESSAGE', purpose: 'read messages', grant: 'SUB on Topic:a' };
const max = { request: 'GET_MAX_OFFSET', purpose: 'read offsets', grant: 'GET on Topic:a' };

it('what is allowed is one line', () => {
  const findings = verdicts('r', { cluster: 'east', writes: false }, 'east-a', [{ topic: 'a', answers: [pull, max] }]);
  expect(findings).toEqual([
    { result: 'OK', about: 'r', text: 'cluster east, broker east-a allows reading and checkpoints' },
  ]);
});

it('what is refused is one line a request, with all that is to be granted and what the broker says', () => {
  const refusal = 'refused with 16 NO_PERMISSION';
  const findings = verdicts('r', { cluster: 'east', writes: false }, 'east-a', [
    { topic: 'a', answers: [{ ...pull, refusal }, max] },
    { topic: 'b', answers: [{ ...pull, grant: 'SUB on Topic:b', refusal }] },
  ]);
  expect(findings).toEqual([
    {
      result: 'FAIL',
      about: 'r',
      text:
        'cluster east, broker east-a does not let us read messages (PULL_MESSAGE); grant SUB on Topic:a; SUB on Topic:b. ' +
        `It says: ${refusal}`,
    },
  ]);
});
