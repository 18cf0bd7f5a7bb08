import { expect, test } from 'vitest';
import { secondWays, secondWayText, type Way } from '../../../src/replication/ways.ts';

/** `name: from>to topic,topic`, with `<>` for two-way and `!topic` for what is excluded. */
function way(text: string): Way {
  const [, replication, source, arrow, destination, topics] = /^(\w+): (\w+)(<?>)(\w+) (.*)$/.exec(text)!;
  return {
    replication: replication!,
    source: source!,
    destination: destination!,
    mode: arrow === '>' ? 'one-way' : 'two-way',
    topics: topics!.split(',').filter((topic) => !topic.startsWith('!')),
    exclude: topics!.split(',').flatMap((topic) => (topic.startsWith('!') ? topic.slice(1) : [])),
  };
}

test.each([
  ['nothing else', [], 'x: a>b t'],
  ['other topics between the same pair', ['o: a>b u'], 'x: a>b t'],
  ['the way back, which R7 keeps from looping', ['o: a>b t'], 'x: b>a t'],
  ['a chain', ['o: a>b t', 'p: b>c t'], 'x: c>d t'],
  ['a chain that ends where it began', ['o: a>b t', 'p: b>c t'], 'x: c>a t'],
  ['two that come together from clusters of which neither reaches the other', ['o: a>c t'], 'x: b>c t'],
  ['a triangle of different topics', ['o: a>b t', 'p: b>c u'], 'x: a>c t'],
  ['patterns that share no topic', ['o: a>b pay-*', 'p: a>b *-eu,!pay-*'], 'x: a>b order*,!*-eu'],
  ['a pattern that leaves out what another task names', ['o: a>b orders,payments'], 'x: a>b *,!orders,!pay*'],
  ['a pattern and a name of its own that it matches', [], 'x: a>b orders,ord*'],
  ['a pattern over system topics', ['o: a>b *'], 'x: a>b %RETRY%g'],
])('R7: allowed beside %s', (_what, others, added) => {
  expect(secondWays(others.map(way), way(added))).toEqual([]);
});

test.each([
  [
    'the same topic between the same pair',
    ['o: a>b s,t'],
    'x: a>b u,t',
    { index: 1, from: 'a', to: 'b', beside: ['o'] },
  ],
  ['one of a two-way task', ['o: a<>b t'], 'x: b>a t', { from: 'b', to: 'a', beside: ['o'] }],
  ['a short cut', ['o: a>b t', 'p: b>c t'], 'x: a>c t', { from: 'a', to: 'c', beside: ['o', 'p'] }],
  ['a detour', ['o: a>c t', 'p: b>c t'], 'x: a>b t', { from: 'a', to: 'c', beside: ['o', 'p'] }],
  ['a second way between two others', ['o: a>b t', 'p: a>c t', 'q: b>d t'], 'x: c>d t', { from: 'a', to: 'd' }],
  ['a topic that is named twice', [], 'x: a>b t,t', { index: 1, beside: ['x'] }],
  ['a pattern that matches it', ['o: a>b *'], 'x: a>b t', { beside: ['o'] }],
  ['a short cut through patterns', ['o: a>b t*', 'p: b>c t'], 'x: a>c t', { beside: ['o', 'p'] }],
])('R7: refused beside %s', (_what, others, added, expected) => {
  const found = secondWays(others.map(way), way(added));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ of: 'topics', name: 't', ...expected });
});

test.each([
  ['a name', ['o: a>b t'], 'x: a>b u,*'],
  ['another pattern', ['o: a>b pay-*'], 'x: a>b u,*-eu'],
  ['the same pattern', ['o: a>b pay-*'], 'x: a>b u,pay-*'],
])('R7: a pattern is refused beside %s that it meets', (_what, others, added) => {
  expect(secondWays(others.map(way), way(added))).toMatchObject([{ index: 1, from: 'a', to: 'b', beside: ['o'] }]);
});

test.each([
  ['the same group', ['billing'], ['g1', 'billing'], 1],
  ['a pattern that meets it', ['bill*'], ['billing'], 0],
  ['a pattern that it meets', ['billing'], ['*'], 0],
  ['another pattern', ['bill*'], ['g1', '*ing'], 1],
])('R7, R10: a group is refused beside %s, because its retry topics travel with it', (_what, theirs, ours, index) => {
  const other = { ...way('o: a>b t'), groups: theirs };
  const [found, ...more] = secondWays([other], { ...way('x: a>b u'), groups: ours });
  expect(more).toEqual([]);
  expect(found).toMatchObject({ of: 'groups', name: ours[index], index, from: 'a', to: 'b', beside: ['o'] });
  expect(secondWays([other], { ...way('x: c>b u'), groups: ours })).toEqual([]);
  expect(secondWays([other], { ...way('x: b>a u'), groups: ours })).toEqual([]);
  expect(secondWays([other], { ...way('x: a>b u'), groups: ['ship-*'] })).toEqual([]);
});

test.each([
  ['the same group and topic', 'o: a>c t', ['g'], 'x: b>c u,t', ['h', 'g'], 1],
  ['patterns', 'o: a>c pay-*', ['g*'], 'x: b>c *-eu', ['*x'], 0],
  ['a two-way task that is served there', 'o: a<>c t', ['g'], 'x: b>c t', ['g'], 0],
])('R10: a group is refused beside %s of a task from another cluster', (_what, theirs, groups, ours, added, index) => {
  const other = { ...way(theirs), groups };
  const [found, ...more] = secondWays([other], { ...way(ours), groups: added });
  expect(more).toEqual([]);
  expect(found).toMatchObject({ of: 'groups', name: added[index], index, to: 'c', beside: ['o'] });
  expect(secondWayText(found!)).toContain('one offset cannot stand for both');
  expect(secondWays([other], { ...way(ours), groups: ['other'] })).toEqual([]);
  expect(secondWays([other], { ...way('x: b>c orders'), groups: added })).toEqual([]);
  // out of the one, into the other
  expect(secondWays([other], { ...way('x: c>b t'), groups: added })).toEqual([]);
});

test('says what is wrong, where, and beside what', () => {
  const group = secondWays([{ ...way('o: a>b t'), groups: ['g'] }], { ...way('x: a>b u'), groups: ['g'] });
  expect(secondWayText(group[0]!)).toBe(
    'groups[0]: what waits for another try in group g would reach b from a by a second way, beside o; ' +
      'two tasks with the same group between the same pair, straight or over others, would have it tried twice',
  );
  const [found] = secondWays([way('o: a>b t')], way('x: a>b t'));
  expect(secondWayText(found!)).toBe(
    'topics[0]: topic t would reach b from a by a second way, beside o; two tasks that copy the same topic between the same pair, ' +
      'straight or over others, would deliver every message twice',
  );
});
